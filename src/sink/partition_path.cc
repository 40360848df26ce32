#include "sink/partition_path.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/scalar.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cmath>

#include "sink/partition_time_text.h"

namespace headrace {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;

constexpr std::string_view kEscaped = "\"#%'*/:=?\\{[]^";

// Shortest text that reads back as the same number, always with a mark of a float in it.
template <typename Float>
std::string FloatText(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value == 0) return "0.0";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text;
}

// In any letter case: some readers do not tell them apart, nor do some file systems.
bool LooksLikeNull(std::string_view value) {
  constexpr char kToUpper = 'a' - 'A';
  return std::equal(
      value.begin(), value.end(), kNullPartitionText.begin(), kNullPartitionText.end(),
      [](char c, char upper) { return (c >= 'a' && c <= 'z' ? c - kToUpper : c) == upper; });
}

Result<std::string> StringText(std::string_view value) {
  if (value.empty()) {
    return MakeError(
        ErrorKind::kBadInput, 641,
        "an empty string cannot name a partition directory; map it to a value or to null, "
        "e.g. with nullif(column, '')");
  }
  if (LooksLikeNull(value)) {
    return MakeError(ErrorKind::kBadInput, 642,
                     "a value equals the text that stands for null in directory names; map it to "
                     "another value: '{}'",
                     value);
  }
  arrow::util::InitializeUTF8();  // its table, once per process
  if (!arrow::util::ValidateUTF8(value)) {
    return MakeError(ErrorKind::kBadInput, 643,
                     "invalid UTF-8 cannot name a partition directory; clean the value first: '{}'",
                     EscapePartitionText(value));
  }
  return std::string(value);
}

template <typename ArrayType>
std::string NumberText(const arrow::Array& values, int64_t row) {
  return fmt::format("{}", checked_cast<const ArrayType&>(values).Value(row));
}

Result<std::string> ValueText(const arrow::Array& values, int64_t row) {
  switch (values.type_id()) {
    case Type::BOOL:
      return checked_cast<const arrow::BooleanArray&>(values).Value(row) ? "true" : "false";
    case Type::INT8:
      return NumberText<arrow::Int8Array>(values, row);
    case Type::UINT8:
      return NumberText<arrow::UInt8Array>(values, row);
    case Type::INT16:
      return NumberText<arrow::Int16Array>(values, row);
    case Type::UINT16:
      return NumberText<arrow::UInt16Array>(values, row);
    case Type::INT32:
      return NumberText<arrow::Int32Array>(values, row);
    case Type::UINT32:
      return NumberText<arrow::UInt32Array>(values, row);
    case Type::INT64:
      return NumberText<arrow::Int64Array>(values, row);
    case Type::UINT64:
      return NumberText<arrow::UInt64Array>(values, row);
    case Type::FLOAT:
      return FloatText(checked_cast<const arrow::FloatArray&>(values).Value(row));
    case Type::DOUBLE:
      return FloatText(checked_cast<const arrow::DoubleArray&>(values).Value(row));
    case Type::STRING:
      return StringText(checked_cast<const arrow::StringArray&>(values).GetView(row));
    case Type::LARGE_STRING:
      return StringText(checked_cast<const arrow::LargeStringArray&>(values).GetView(row));
    case Type::DECIMAL32:
      return checked_cast<const arrow::Decimal32Array&>(values).FormatValue(row);
    case Type::DECIMAL64:
      return checked_cast<const arrow::Decimal64Array&>(values).FormatValue(row);
    case Type::DECIMAL128:
      return checked_cast<const arrow::Decimal128Array&>(values).FormatValue(row);
    case Type::DECIMAL256:
      return checked_cast<const arrow::Decimal256Array&>(values).FormatValue(row);
    default:
      return PartitionTimeText(values, row);
  }
}

}  // namespace

bool HasPartitionText(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
      return true;
    default:
      return arrow::is_integer(type.id());
  }
}

std::string EscapePartitionText(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || kEscaped.find(c) != kEscaped.npos) {
      escaped += fmt::format("%{:02X}", byte);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

Result<std::string> PartitionText(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return std::string(kNullPartitionText);
  return ValueText(values, row);
}

Result<std::string> PartitionDirectory(const arrow::Schema& keys, const arrow::ArrayVector& values,
                                       int64_t row) {
  std::string directory;
  for (int i = 0; i < keys.num_fields(); ++i) {
    auto text = PartitionText(*values[i], row);
    if (!text.ok()) {
      return WithContext(text.status(), "partition column '" + keys.field(i)->name() + "'");
    }
    const std::string name =
        EscapePartitionText(keys.field(i)->name()) + "=" + EscapePartitionText(*text);
    if (name.size() > kDirectoryNameBytesMax) {
      return MakeError(
          ErrorKind::kBadInput, 644,
          "partition directory name is longer than file systems take; shorten the value, "
          "e.g. with left(column, 80): {} bytes of at most {}: '{}...'",
          name.size(), kDirectoryNameBytesMax, name.substr(0, 60));
    }
    if (!directory.empty()) directory += '/';
    directory += name;
  }
  return directory;
}

Result<std::string> EmptyResultDirectory(const arrow::Schema& keys, arrow::MemoryPool* pool) {
  constexpr int64_t kValueBytesMax = 32;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> zeros,
                        arrow::AllocateBuffer(kValueBytesMax, pool));
  std::fill_n(zeros->mutable_data(), kValueBytesMax, uint8_t{0});
  arrow::ArrayVector values;
  for (const auto& field : keys.fields()) {
    if (arrow::is_base_binary_like(field->type()->id())) {
      ARROW_ASSIGN_OR_RAISE(auto text,
                            arrow::MakeArrayFromScalar(arrow::StringScalar("empty"), 1, pool));
      // Large strings have the same text; only the text matters here.
      values.push_back(std::move(text));
    } else {
      values.push_back(
          arrow::MakeArray(arrow::ArrayData::Make(field->type(), 1, {nullptr, zeros}, 0)));
    }
  }
  return PartitionDirectory(keys, values, 0);
}

}  // namespace headrace
