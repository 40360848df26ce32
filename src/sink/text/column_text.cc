#include "sink/text/column_text.h"

#include <arrow/extension_type.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/float16.h>
#include <arrow/visit_type_inline.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "sink/text/nested_text.h"
#include "sink/text/time_writer.h"

namespace headrace {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;

// No number takes more: a decimal of 76 digits with sign, point and leading zero.
constexpr int64_t kNumberTextBytesMax = 96;

Status OutsideYears(int64_t day) {
  return MakeError(ErrorKind::kBadInput, 647,
                   "a date outside the years 0001 to 9999 has no text; filter or correct it: day "
                   "{} since 1970-01-01",
                   day);
}

Status OutsideDay(int64_t units, int64_t per_second) {
  return MakeError(ErrorKind::kBadInput, 660,
                   "a time of day outside 00:00:00 to 24:00:00 has no text; filter or correct it: "
                   "{} units of 1/{} s since midnight",
                   units, per_second);
}

// Appends what `put(value, char*)` writes, NULL as the format has it.
template <typename ArrayType, typename Put>
class PlainText : public ColumnText {
 public:
  PlainText(const arrow::Array& values, const TextStyle& style, Put put)
      : values_(checked_cast<const ArrayType&>(values)),
        null_(style.kind == TextStyle::Kind::kJson ? "null" : ""),
        put_(std::move(put)) {}

  Status Append(int64_t row, TextBuffer* out) const override {
    ARROW_RETURN_NOT_OK(out->Reserve(kNumberTextBytesMax));
    if (values_.IsNull(row)) {
      out->Put(null_);
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const char* end, put_(values_, row, out->end()));
    out->SetEnd(end);
    return Status::OK();
  }

 private:
  const ArrayType& values_;
  const std::string_view null_;
  const Put put_;
};

template <typename ArrayType, typename Put>
std::unique_ptr<ColumnText> Plain(const arrow::Array& values, const TextStyle& style, Put put) {
  return std::make_unique<PlainText<ArrayType, Put>>(values, style, std::move(put));
}

template <typename ArrayType>
std::unique_ptr<ColumnText> Integers(const arrow::Array& values, const TextStyle& style) {
  return Plain<ArrayType>(
      values, style, [](const ArrayType& array, int64_t row, char* out) -> Result<const char*> {
        return std::to_chars(out, out + kNumberTextBytesMax, array.Value(row)).ptr;
      });
}

// Shortest text that reads back as the same number, always with a mark of a float in it.
template <typename Float>
Result<const char*> PutFloat(Float value, bool is_json, char* out) {
  if (std::isfinite(value)) {
    char* end = std::to_chars(out, out + kNumberTextBytesMax, value).ptr;
    if (std::string_view(out, end - out).find_first_of(".e") != std::string_view::npos) return end;
    *end++ = '.';
    *end++ = '0';
    return end;
  }
  if (is_json) {
    return MakeError(ErrorKind::kBadInput, 646,
                     "JSON has no number for NaN and infinity; make them NULL first, e.g. with "
                     "case when isnan(x) then null else x end, or cast to string: {}",
                     value);
  }
  const std::string_view text = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

template <typename ArrayType>
std::unique_ptr<ColumnText> Floats(const arrow::Array& values, const TextStyle& style) {
  const bool is_json = style.kind == TextStyle::Kind::kJson;
  return Plain<ArrayType>(
      values, style,
      [is_json](const ArrayType& array, int64_t row, char* out) -> Result<const char*> {
        if constexpr (std::is_same_v<ArrayType, arrow::HalfFloatArray>) {
          return PutFloat(arrow::util::Float16::FromBits(array.Value(row)).ToFloat(), is_json, out);
        } else {
          return PutFloat(array.Value(row), is_json, out);
        }
      });
}

// Digits with a point before the last `scale` of them.
char* PutScaled(int64_t value, int32_t scale, char* out) {
  char digits[24];
  if (value < 0) *out++ = '-';
  const uint64_t magnitude = value < 0 ? ~static_cast<uint64_t>(value) + 1 : value;
  const char* end = std::to_chars(digits, digits + sizeof(digits), magnitude).ptr;
  const auto count = static_cast<int32_t>(end - digits);
  if (scale == 0) return std::copy(digits, digits + count, out);
  const int32_t whole = std::max(0, count - scale);
  if (whole == 0) *out++ = '0';
  out = std::copy(digits, digits + whole, out);
  *out++ = '.';
  out = std::fill_n(out, std::max(0, scale - count), '0');
  return std::copy(digits + whole, digits + count, out);
}

template <typename ArrayType>
std::unique_ptr<ColumnText> Decimals(const arrow::Array& values, const TextStyle& style) {
  const int32_t scale = checked_cast<const arrow::DecimalType&>(*values.type()).scale();
  return Plain<ArrayType>(
      values, style,
      [scale](const ArrayType& array, int64_t row, char* out) -> Result<const char*> {
        if constexpr (std::is_same_v<ArrayType, arrow::Decimal128Array>) {
          const arrow::Decimal128 value(array.GetValue(row));
          const auto low = static_cast<int64_t>(value.low_bits());
          if (scale >= 0 && value.high_bits() == (low < 0 ? -1 : 0)) {
            return PutScaled(low, scale, out);
          }
        }
        const std::string text = array.FormatValue(row);
        if (static_cast<int64_t>(text.size()) > kNumberTextBytesMax) {
          return MakeError(ErrorKind::kInternal, 904, "a decimal's text of {} bytes", text.size());
        }
        return std::copy(text.begin(), text.end(), out);
      });
}

// In JSON times are texts, so in quotes.
template <typename ArrayType, typename Put>
std::unique_ptr<ColumnText> Times(const arrow::Array& values, const TextStyle& style, Put put) {
  const bool is_json = style.kind == TextStyle::Kind::kJson;
  return Plain<ArrayType>(
      values, style,
      [is_json, put](const ArrayType& array, int64_t row, char* out) -> Result<const char*> {
        if (is_json) *out++ = '"';
        ARROW_ASSIGN_OR_RAISE(out, put(array.Value(row), out));
        if (is_json) *out++ = '"';
        return out;
      });
}

template <typename ArrayType>
std::unique_ptr<ColumnText> Dates(const arrow::Array& values, const TextStyle& style) {
  return Times<ArrayType>(values, style, [](int64_t value, char* out) -> Result<char*> {
    constexpr bool kIsMilliseconds = std::is_same_v<ArrayType, arrow::Date64Array>;
    const int64_t day = kIsMilliseconds ? SplitMoment(value, 1000).day : value;
    if (!HasDayText(day)) return OutsideYears(day);
    return PutDay(day, out);
  });
}

template <typename ArrayType>
std::unique_ptr<ColumnText> Clocks(const arrow::Array& values, const TextStyle& style) {
  const int64_t per_second =
      UnitsPerSecond(checked_cast<const arrow::TimeType&>(*values.type()).unit());
  return Times<ArrayType>(values, style, [per_second](int64_t value, char* out) -> Result<char*> {
    if (value < 0 || value >= kSecondsPerDay * per_second) return OutsideDay(value, per_second);
    return PutClock(value, per_second, out);
  });
}

std::unique_ptr<ColumnText> Moments(const arrow::Array& values, const TextStyle& style) {
  const auto& type = checked_cast<const arrow::TimestampType&>(*values.type());
  const int64_t per_second = UnitsPerSecond(type.unit());
  const bool has_zone = !type.timezone().empty();
  const char between = style.kind == TextStyle::Kind::kJson ? 'T' : ' ';
  return Times<arrow::TimestampArray>(values, style,
                                      [=](int64_t value, char* out) -> Result<char*> {
                                        const DayAndClock moment = SplitMoment(value, per_second);
                                        if (!HasDayText(moment.day))
                                          return OutsideYears(moment.day);
                                        out = PutDay(moment.day, out);
                                        *out++ = between;
                                        out = PutClock(moment.units, per_second, out);
                                        if (has_zone) *out++ = 'Z';
                                        return out;
                                      });
}

template <typename ArrayType>
class StringText : public ColumnText {
 public:
  StringText(const arrow::Array& values, const TextStyle& style)
      : values_(checked_cast<const ArrayType&>(values)), style_(style) {}

  Status Append(int64_t row, TextBuffer* out) const override {
    const bool is_json = style_.kind == TextStyle::Kind::kJson;
    if (values_.IsNull(row)) return is_json ? out->Append("null") : Status::OK();
    return is_json ? AppendJsonString(values_.GetView(row), out)
                   : AppendCsvField(values_.GetView(row), style_.delimiter, out);
  }

 private:
  const ArrayType& values_;
  const TextStyle style_;
};

std::unique_ptr<ColumnText> Booleans(const arrow::Array& values, const TextStyle& style) {
  return Plain<arrow::BooleanArray>(
      values, style,
      [](const arrow::BooleanArray& array, int64_t row, char* out) -> Result<const char*> {
        const std::string_view text = array.Value(row) ? "true" : "false";
        return std::copy(text.begin(), text.end(), out);
      });
}

std::unique_ptr<ColumnText> Nulls(const arrow::Array& values, const TextStyle& style) {
  return Plain<arrow::NullArray>(
      values, style,
      [](const arrow::NullArray&, int64_t, char* out) -> Result<const char*> { return out; });
}

// Null for a type that is no plain value.
std::unique_ptr<ColumnText> MakePlainText(const arrow::Array& values, const TextStyle& style) {
  switch (values.type_id()) {
    case Type::NA:
      return Nulls(values, style);
    case Type::BOOL:
      return Booleans(values, style);
    case Type::INT8:
      return Integers<arrow::Int8Array>(values, style);
    case Type::UINT8:
      return Integers<arrow::UInt8Array>(values, style);
    case Type::INT16:
      return Integers<arrow::Int16Array>(values, style);
    case Type::UINT16:
      return Integers<arrow::UInt16Array>(values, style);
    case Type::INT32:
      return Integers<arrow::Int32Array>(values, style);
    case Type::UINT32:
      return Integers<arrow::UInt32Array>(values, style);
    case Type::INT64:
      return Integers<arrow::Int64Array>(values, style);
    case Type::UINT64:
      return Integers<arrow::UInt64Array>(values, style);
    case Type::HALF_FLOAT:
      return Floats<arrow::HalfFloatArray>(values, style);
    case Type::FLOAT:
      return Floats<arrow::FloatArray>(values, style);
    case Type::DOUBLE:
      return Floats<arrow::DoubleArray>(values, style);
    case Type::DECIMAL32:
      return Decimals<arrow::Decimal32Array>(values, style);
    case Type::DECIMAL64:
      return Decimals<arrow::Decimal64Array>(values, style);
    case Type::DECIMAL128:
      return Decimals<arrow::Decimal128Array>(values, style);
    case Type::DECIMAL256:
      return Decimals<arrow::Decimal256Array>(values, style);
    case Type::DATE32:
      return Dates<arrow::Date32Array>(values, style);
    case Type::DATE64:
      return Dates<arrow::Date64Array>(values, style);
    case Type::TIME32:
      return Clocks<arrow::Time32Array>(values, style);
    case Type::TIME64:
      return Clocks<arrow::Time64Array>(values, style);
    case Type::TIMESTAMP:
      return Moments(values, style);
    case Type::STRING:
      return std::make_unique<StringText<arrow::StringArray>>(values, style);
    case Type::LARGE_STRING:
      return std::make_unique<StringText<arrow::LargeStringArray>>(values, style);
    case Type::STRING_VIEW:
      return std::make_unique<StringText<arrow::StringViewArray>>(values, style);
    default:
      return nullptr;
  }
}

bool HasText(const arrow::DataType& type, TextStyle::Kind kind) {
  switch (type.id()) {
    case Type::EXTENSION:
      return HasText(*checked_cast<const arrow::ExtensionType&>(type).storage_type(), kind);
    case Type::DICTIONARY:
      return HasText(*checked_cast<const arrow::DictionaryType&>(type).value_type(), kind);
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
    case Type::STRUCT: {
      if (kind == TextStyle::Kind::kCsv) return false;
      const auto& fields = type.fields();
      return std::all_of(fields.begin(), fields.end(),
                         [&](const auto& field) { return HasText(*field->type(), kind); });
    }
    case Type::NA:
    case Type::BOOL:
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return true;
    default:
      return arrow::is_integer(type.id()) || arrow::is_decimal(type.id());
  }
}

}  // namespace

Result<std::unique_ptr<ColumnText>> MakeColumnText(const arrow::Array& values,
                                                   const TextStyle& style) {
  if (auto plain = MakePlainText(values, style)) return plain;
  return MakeNestedText(values, style);
}

Status CheckTextColumns(const arrow::Schema& schema, TextStyle::Kind kind) {
  for (const auto& field : schema.fields()) {
    if (HasText(*field->type(), kind)) continue;
    return MakeError(ErrorKind::kInvalidPlan, 215,
                     "{} cannot hold this column's type; cast or drop the column, or write Parquet "
                     "or Arrow: column '{}', type {}",
                     kind == TextStyle::Kind::kCsv ? "CSV" : "JSON", field->name(),
                     field->type()->ToString());
  }
  return Status::OK();
}

}  // namespace headrace
