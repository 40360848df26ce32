#include <string_view>

#include "source/csv/bool_text.h"
#include "source/csv/fixed_converter.h"
#include "source/csv/time_text.h"

namespace headrace {
namespace {

struct DateParser {
  using Value = int32_t;
  bool Fast(const uint8_t* begin, const uint8_t* end, int32_t* out) const {
    return ParseDate(begin, end, out);
  }
  bool Slow(const uint8_t* begin, const uint8_t* end, int32_t* out) const {
    return ParseDate(begin, end, out);
  }
  void Explain(const uint8_t*, const uint8_t*, std::string* reason) const {
    *reason = "not a date (yyyy-MM-dd, years 0001 to 9999)";
  }
};

// Micros per unit of the stored type; finer units multiply.
struct UnitScale {
  int64_t divide = 1;
  int64_t multiply = 1;

  explicit UnitScale(arrow::TimeUnit::type unit) {
    if (unit == arrow::TimeUnit::SECOND) divide = kMicrosPerSecond;
    if (unit == arrow::TimeUnit::MILLI) divide = 1000;
    if (unit == arrow::TimeUnit::NANO) multiply = 1000;
  }
  bool Apply(int64_t micros, int64_t* out) const {
    if (divide != 1) {
      *out = micros / divide;
      return micros % divide == 0;
    }
    return !__builtin_mul_overflow(micros, multiply, out);
  }
};

struct TimestampParser {
  using Value = int64_t;
  ZoneRule zone;
  UnitScale unit;

  bool Fast(const uint8_t* begin, const uint8_t* end, int64_t* out) const {
    int64_t micros;
    return ParseTimestamp(begin, end, zone, &micros) && unit.Apply(micros, out);
  }
  bool Slow(const uint8_t* begin, const uint8_t* end, int64_t* out) const {
    return Fast(begin, end, out);
  }
  void Explain(const uint8_t* begin, const uint8_t* end, std::string* reason) const {
    int64_t micros;
    if (ParseTimestamp(begin, end, zone, &micros)) {
      *reason = "finer or further than the type's unit can hold";
    } else if (zone == ZoneRule::kForbidden &&
               ParseTimestamp(begin, end, ZoneRule::kAllowed, &micros)) {
      *reason = "it has a time zone, the type has none (use timestamptz)";
    } else if (zone == ZoneRule::kRequired &&
               ParseTimestamp(begin, end, ZoneRule::kAllowed, &micros)) {
      *reason = "it has no time zone, the type needs one (use timestamp)";
    } else if (zone == ZoneRule::kRequired) {
      *reason =
          "not a timestamp with a time zone (yyyy-MM-dd HH:mm:ss+hh:mm, at most 6 fractional "
          "digits; an offset up to 18:59, years 0001 to 9999 in UTC)";
    } else {
      *reason = "not a timestamp (yyyy-MM-dd HH:mm:ss, at most 6 fractional digits)";
    }
  }
};

template <class T>
struct TimeParser {
  using Value = T;
  UnitScale unit;

  bool Fast(const uint8_t* begin, const uint8_t* end, T* out) const {
    int64_t micros, scaled;
    if (!ParseTime(begin, end, &micros) || !unit.Apply(micros, &scaled)) return false;
    *out = static_cast<T>(scaled);
    return true;
  }
  bool Slow(const uint8_t* begin, const uint8_t* end, T* out) const {
    return Fast(begin, end, out);
  }
  void Explain(const uint8_t*, const uint8_t*, std::string* reason) const {
    *reason = "not a time of day (HH:mm:ss)";
  }
};

// Role: booleans, which Arrow packs into bits.
class BoolConverter : public ColumnConverter {
 public:
  BoolConverter(const Dialect& dialect, const NullRule& nulls)
      : quote_(dialect.quote), nulls_(nulls) {}

  Result<std::shared_ptr<arrow::Array>> ConvertOrFind(const RecordRange& range, int column,
                                                      arrow::MemoryPool* pool,
                                                      BadPlaces* bad) const override {
    const int64_t bytes = (range.rows + 7) / 8;
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                          arrow::AllocateBuffer(bytes, pool));
    std::memset(values->mutable_data(), 0, static_cast<size_t>(bytes));
    Validity validity(range.rows, pool);
    FieldCursor cursor(range, column);
    for (int64_t row = 0; row < range.rows; ++row) {
      const FieldText raw = cursor.Next();
      const FieldText field = IsQuoted(raw, quote_) ? Unquoted(raw) : raw;
      if (field.empty() || nulls_.Matches(field.begin, field.end)) {
        ARROW_RETURN_NOT_OK(validity.SetNull(row));
        continue;
      }
      const FieldText word = TrimBlanks(field);
      bool value;
      if (!ParseBool(word.begin, word.end, &value)) {
        if (!bad->Add(row, raw.begin, raw.end)) return nullptr;
        continue;
      }
      if (value) values->mutable_data()[row / 8] |= static_cast<uint8_t>(1 << row % 8);
    }
    if (!bad->places.empty()) return nullptr;
    const int64_t null_count = validity.null_count();
    return arrow::MakeArray(arrow::ArrayData::Make(
        arrow::boolean(), range.rows, {validity.Finish(), std::move(values)}, null_count));
  }

  void Explain(const uint8_t*, const uint8_t*, std::string* reason) const override {
    *reason = "not a truth value (true, t, yes, y, 1; false, f, no, n, 0)";
  }

 private:
  const int quote_;
  const NullRule nulls_;
};

}  // namespace

std::unique_ptr<ColumnConverter> MakeTimeConverter(const std::shared_ptr<arrow::DataType>& type,
                                                   const Dialect& dialect, const NullRule& nulls) {
  switch (type->id()) {
    case arrow::Type::BOOL:
      return std::make_unique<BoolConverter>(dialect, nulls);
    case arrow::Type::DATE32:
      return MakeFixed(type, dialect, nulls, DateParser{});
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
      const ZoneRule zone =
          timestamp.timezone().empty() ? ZoneRule::kForbidden : ZoneRule::kRequired;
      return MakeFixed(type, dialect, nulls, TimestampParser{zone, UnitScale(timestamp.unit())});
    }
    case arrow::Type::TIME32:
      return MakeFixed(
          type, dialect, nulls,
          TimeParser<int32_t>{UnitScale(static_cast<const arrow::TimeType&>(*type).unit())});
    case arrow::Type::TIME64:
      return MakeFixed(
          type, dialect, nulls,
          TimeParser<int64_t>{UnitScale(static_cast<const arrow::TimeType&>(*type).unit())});
    default:
      return nullptr;
  }
}

}  // namespace headrace
