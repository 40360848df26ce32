#include <arrow/util/decimal.h>

#include <cmath>
#include <limits>

#include "source/csv/fixed_converter.h"
#include "source/csv/number_text.h"

namespace headrace {
namespace {

template <class T>
struct IntegerParser {
  using Value = T;
  bool Fast(const uint8_t* begin, const uint8_t* end, T* out) const {
    int64_t value;
    if (!ParseShortInt(begin, end, &value) && !ParseInt64(begin, end, &value)) return false;
    *out = static_cast<T>(value);
    return std::in_range<T>(value);
  }
  bool Slow(const uint8_t* begin, const uint8_t* end, T* out) const {
    if (Fast(begin, end, out)) return true;
    if constexpr (std::is_same_v<T, uint64_t>) return ParseBig(begin, end, out);
    return false;
  }
  void Explain(const uint8_t* begin, const uint8_t* end, std::string* reason) const {
    if (IsDigits(begin, end)) {
      *reason = fmt::format("out of range {} to {}", std::numeric_limits<T>::min(),
                            std::numeric_limits<T>::max());
    } else {
      *reason = "not a whole number";
    }
  }

 private:
  static bool ParseBig(const uint8_t* begin, const uint8_t* end, T* out) {
    __int128 value;
    if (!IsDigits(begin, end) || ParseDecimal128(begin, end, 38, 0, &value) != DecimalResult::kOk)
      return false;
    *out = static_cast<T>(value);
    return value >= 0 && value <= static_cast<__int128>(std::numeric_limits<uint64_t>::max());
  }
  static bool IsDigits(const uint8_t* begin, const uint8_t* end) {
    if (begin != end && (*begin == '-' || *begin == '+')) ++begin;
    if (begin == end) return false;
    while (begin != end && *begin >= '0' && *begin <= '9') ++begin;
    return begin == end;
  }
};

struct DoubleParser {
  using Value = double;
  bool Fast(const uint8_t* begin, const uint8_t* end, double* out) const {
    return ParseShortDouble(begin, end, out);
  }
  bool Slow(const uint8_t* begin, const uint8_t* end, double* out) const {
    return ParseShortDouble(begin, end, out) || ParseDoubleSlow(begin, end, out);
  }
  void Explain(const uint8_t*, const uint8_t*, std::string* reason) const {
    *reason = "not a number";
  }
};

struct FloatParser {
  using Value = float;
  bool Fast(const uint8_t*, const uint8_t*, float*) const { return false; }
  bool Slow(const uint8_t* begin, const uint8_t* end, float* out) const {
    double value;
    if (!ParseDoubleSlow(begin, end, &value)) return false;
    *out = static_cast<float>(value);
    return !std::isinf(*out) || std::isinf(value);
  }
  void Explain(const uint8_t* begin, const uint8_t* end, std::string* reason) const {
    double value;
    *reason = ParseDoubleSlow(begin, end, &value) ? "too large for float" : "not a number";
  }
};

struct DecimalParser {
  using Value = __int128;
  int precision;
  int scale;
  int64_t short_limit = 0;  // mantissas below it fit the precision at full scale
  int64_t powers[19] = {};  // powers[i] = 10^i
  FixedScaleDecimal usual;

  DecimalParser(int precision, int scale) : precision(precision), scale(scale), usual(scale) {
    powers[0] = 1;
    for (int i = 1; i < 19; ++i) powers[i] = powers[i - 1] * 10;
    short_limit = precision >= 18 ? powers[18] : powers[precision];
  }
  bool Fast(const uint8_t* begin, const uint8_t* end, __int128* out) const {
    int64_t amount;
    if (usual.Parse(begin, end, &amount) && amount < short_limit) [[likely]] {
      *out = amount;
      return true;
    }
    if (begin == end) return false;
    const bool negative = *begin == '-';
    DecimalText text;
    if (!ParseShortDecimal(begin + negative, end, &text)) return false;
    const int missing = scale - text.scale;
    if (missing < 0 || text.digits + missing > 18) return false;
    const int64_t value = static_cast<int64_t>(text.mantissa) * powers[missing];
    *out = negative ? -value : value;
    return value < short_limit;
  }
  bool Slow(const uint8_t* begin, const uint8_t* end, __int128* out) const {
    return ParseDecimal128(begin, end, precision, scale, out) == DecimalResult::kOk;
  }
  void Explain(const uint8_t* begin, const uint8_t* end, std::string* reason) const {
    __int128 value;
    switch (ParseDecimal128(begin, end, precision, scale, &value)) {
      case DecimalResult::kOk:
      case DecimalResult::kNotANumber:
        *reason = "not a decimal number";
        return;
      case DecimalResult::kTooManyFractionalDigits:
        *reason = fmt::format("more than {} fractional digits", scale);
        return;
      case DecimalResult::kTooLarge:
        *reason = fmt::format("more than {} digits before the point", precision - scale);
        return;
    }
  }
};

}  // namespace

std::unique_ptr<ColumnConverter> MakeNumberConverter(const std::shared_ptr<arrow::DataType>& type,
                                                     const Dialect& dialect,
                                                     const NullRule& nulls) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return MakeFixed(type, dialect, nulls, IntegerParser<int8_t>{});
    case arrow::Type::INT16:
      return MakeFixed(type, dialect, nulls, IntegerParser<int16_t>{});
    case arrow::Type::INT32:
      return MakeFixed(type, dialect, nulls, IntegerParser<int32_t>{});
    case arrow::Type::INT64:
      return MakeFixed(type, dialect, nulls, IntegerParser<int64_t>{});
    case arrow::Type::UINT8:
      return MakeFixed(type, dialect, nulls, IntegerParser<uint8_t>{});
    case arrow::Type::UINT16:
      return MakeFixed(type, dialect, nulls, IntegerParser<uint16_t>{});
    case arrow::Type::UINT32:
      return MakeFixed(type, dialect, nulls, IntegerParser<uint32_t>{});
    case arrow::Type::UINT64:
      return MakeFixed(type, dialect, nulls, IntegerParser<uint64_t>{});
    case arrow::Type::FLOAT:
      return MakeFixed(type, dialect, nulls, FloatParser{});
    case arrow::Type::DOUBLE:
      return MakeFixed(type, dialect, nulls, DoubleParser{});
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      if (decimal.scale() < 0) return nullptr;
      return MakeFixed(type, dialect, nulls, DecimalParser(decimal.precision(), decimal.scale()));
    }
    default:
      return nullptr;
  }
}

}  // namespace headrace
