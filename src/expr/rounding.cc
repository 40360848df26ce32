#include "expr/rounding.h"

#include <charconv>
#include <cmath>

#include "expr/operand.h"

namespace headrace::expr {
namespace {

// Rounds the shortest decimal text of `value`, so that 2.675 becomes 2.68 although the double lies
// below it.
double RoundReal(double value, int64_t digits) {
  if (!std::isfinite(value) || value == 0) return value;
  if (digits == 0) return std::round(value);
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value),
                                 std::chars_format::scientific);
  const std::string_view text(buffer, end.ptr - buffer);
  const size_t mark = text.find('e');
  int exponent = 0;
  const size_t exponent_at = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + exponent_at, text.data() + text.size(), exponent);
  std::string significand;
  for (const char c : text.substr(0, mark)) {
    if (c != '.') significand += c;
  }
  // The number is 0.significand * 10^(exponent + 1); `kept` of its digits stay.
  const int64_t kept = exponent + 1 + digits;
  if (kept >= static_cast<int64_t>(significand.size())) return value;
  if (kept < 0) return std::copysign(0.0, value);
  const bool up = significand[kept] >= '5';
  significand.resize(kept);
  significand.insert(significand.begin(), '0');
  for (size_t i = significand.size(); up && i-- > 0;) {
    if (++significand[i] <= '9') break;
    significand[i] = '0';
  }
  significand += fmt::format("e{}", exponent + 1 - kept);
  return std::copysign(ParseDouble(significand).value_or(value), value);
}

}  // namespace

Kernel RoundIntegerKernel(const TypePtr& type, int64_t digits) {
  return [=](const KernelCall& call) -> Result<Datum> {
    if (digits >= 0) return call.args[0];
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return VisitIntegerType(type->id(), [&](auto tag) {
      using T = decltype(tag);
      return MapFixed<T>(
          call, type, operands, {OnFailure::kError, "the result is out of range"},
          [&](int64_t row, T* out) {
            if (digits < -kMaxDecimalPrecision) return true;
            const int places = static_cast<int>(-digits);
            const Int128 value = operands[0].value<T>(row);
            const Int128 kept = DivideByPowerOfTen(value, places);
            const Int128 rounded = kept == 0 ? 0 : kept * static_cast<Int128>(PowerOfTen(places));
            if (rounded < std::numeric_limits<T>::min() || rounded > std::numeric_limits<T>::max())
              return false;
            *out = static_cast<T>(rounded);
            return true;
          });
    });
  };
}

Kernel RoundRealKernel(const TypePtr& type, int64_t digits) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    if (type->id() == arrow::Type::FLOAT) {
      return MapFixed<float>(call, type, operands, {}, [&](int64_t row, float* out) {
        std::string text;
        AppendFloat(operands[0].value<float>(row), &text);
        *out = static_cast<float>(RoundReal(*ParseDouble(text), digits));
        return true;
      });
    }
    return MapFixed<double>(call, type, operands, {}, [&](int64_t row, double* out) {
      *out = RoundReal(operands[0].value<double>(row), digits);
      return true;
    });
  };
}

Kernel RoundDecimalKernel(const TypePtr& type, const TypePtr& out_type, int64_t digits) {
  const int scale = Scale(*type);
  const int dropped =
      static_cast<int>(std::clamp<int64_t>(scale - digits, 0, kMaxDecimalPrecision + 1));
  // Rounding left of the point drops digits and puts zeros back.
  const int restored = static_cast<int>(std::clamp<int64_t>(-digits, 0, kMaxDecimalPrecision));
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<Int128>(
        call, out_type, operands, {OnFailure::kError, "the result needs more than 38 digits"},
        [&](int64_t row, Int128* out) {
          const Int128 kept = DivideByPowerOfTen(operands[0].decimal(row), dropped);
          *out = kept == 0 ? 0 : kept * static_cast<Int128>(PowerOfTen(restored));
          return FitsPrecision(*out, Precision(*out_type));
        });
  };
}

Kernel FloorRealKernel(Rounding direction) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<int64_t>(
        call, arrow::int64(), operands, {OnFailure::kError, "the value is out of range of int64"},
        [&](int64_t row, int64_t* out) {
          const double value = operands[0].value<double>(row);
          const double whole = direction == Rounding::kFloor ? std::floor(value) : std::ceil(value);
          if (!(whole >= -0x1p63 && whole < 0x1p63)) return false;
          *out = static_cast<int64_t>(whole);
          return true;
        });
  };
}

Kernel FloorDecimalKernel(Rounding direction, const TypePtr& type, const TypePtr& out_type) {
  const Int128 unit = static_cast<Int128>(PowerOfTen(Scale(*type)));
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<Int128>(call, out_type, operands, {}, [&](int64_t row, Int128* out) {
      const Int128 value = operands[0].decimal(row);
      const Int128 remainder = value % unit;
      *out = value / unit;
      if (direction == Rounding::kFloor && remainder < 0) --*out;
      if (direction == Rounding::kCeil && remainder > 0) ++*out;
      return true;
    });
  };
}

}  // namespace headrace::expr
