// Casts between numbers and booleans.
#include <cmath>

#include "expr/cast.h"
#include "expr/operand.h"

namespace headrace::expr {
namespace {

// Range check of an integer type on wider values.
template <typename T>
bool StoreInteger(Int128 value, T* out) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return false;
  *out = static_cast<T>(value);
  return true;
}

// Toward zero; NaN and values out of range have no image.
template <typename T>
bool StoreTruncated(double value, T* out) {
  const double truncated = std::trunc(value);
  const double above = std::ldexp(1.0, std::numeric_limits<T>::digits);
  const double lowest = std::is_signed_v<T> ? -above : 0.0;
  if (!(truncated >= lowest && truncated < above)) return false;
  *out = static_cast<T>(truncated);
  return true;
}

bool Rescale(Int128 value, int from_scale, int to_scale, int precision, Int128* out) {
  if (to_scale <= from_scale) {
    *out = DivideByPowerOfTen(value, from_scale - to_scale);
    return FitsPrecision(*out, precision);
  }
  const int digits = to_scale - from_scale;
  if (digits > precision || !FitsPrecision(value, precision - digits))
    return value == 0 && (*out = 0, true);
  *out = value * static_cast<Int128>(PowerOfTen(digits));
  return true;
}

std::optional<CastRule> ToInteger(const TypePtr& from, const TypePtr& to, OnFailure on_failure) {
  if (from->id() == arrow::Type::BOOL) return CastRule{ArrowCastKernel(to)};
  if (IsInteger(*from)) {
    const TypePtr common = CommonType(from, to);
    if (common->Equals(*to)) return CastRule{ArrowCastKernel(to)};
    if (on_failure == OnFailure::kError) return CastRule{ArrowCastKernel(to), true};
  }
  const bool raises = on_failure == OnFailure::kError;
  return CastRule{[from, to, on_failure](const KernelCall& call) -> Result<Datum> {
                    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
                    const Operand& in = operands[0];
                    return VisitIntegerType(to->id(), [&](auto tag) {
                      using T = decltype(tag);
                      const FailurePolicy policy{on_failure,
                                                 "the value is out of range of the type"};
                      if (IsReal(*from)) {
                        return MapFixed<T>(call, to, operands, policy, [&](int64_t row, T* out) {
                          return StoreTruncated(in.real(row), out);
                        });
                      }
                      const Int128 divisor =
                          IsDecimal(*from) ? static_cast<Int128>(PowerOfTen(Scale(*from))) : 1;
                      return MapFixed<T>(call, to, operands, policy, [&](int64_t row, T* out) {
                        return StoreInteger(in.integer(row) / divisor, out);
                      });
                    });
                  },
                  raises};
}

std::optional<CastRule> ToDecimal(const TypePtr& from, const TypePtr& to, OnFailure on_failure) {
  const int precision = Precision(*to);
  const int scale = Scale(*to);
  if (IsReal(*from)) {
    return CastRule{[=](const KernelCall& call) -> Result<Datum> {
                      ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
                      std::string text;
                      return MapFixed<Int128>(
                          call, to, operands,
                          {on_failure, "the value does not fit the decimal type"},
                          [&](int64_t row, Int128* out) {
                            text.clear();
                            if (from->id() == arrow::Type::FLOAT) {
                              AppendFloat(operands[0].value<float>(row), &text);
                            } else {
                              AppendDouble(operands[0].value<double>(row), &text);
                            }
                            const auto value = ParseDecimal(text, precision, scale);
                            if (value) *out = *value;
                            return value.has_value();
                          });
                    },
                    on_failure == OnFailure::kError};
  }
  if (from->id() == arrow::Type::BOOL) return std::nullopt;
  const TypePtr exact = DecimalFor(*from);
  const int from_scale = Scale(*exact);
  const bool widens = scale >= from_scale && precision - scale >= Precision(*exact) - from_scale;
  if (IsDecimal(*from) && widens && scale == from_scale) {
    // Same digits, more room: only the type changes.
    return CastRule{[to](const KernelCall& call) -> Result<Datum> {
      if (call.args[0].is_scalar()) {
        const auto& value = static_cast<const arrow::Decimal128Scalar&>(*call.args[0].scalar());
        if (!value.is_valid) return Datum(arrow::MakeNullScalar(to));
        return Datum(std::make_shared<arrow::Decimal128Scalar>(value.value, to));
      }
      auto data = call.args[0].array()->Copy();
      data->type = to;
      return Datum(std::move(data));
    }};
  }
  return CastRule{[=](const KernelCall& call) -> Result<Datum> {
                    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
                    return MapFixed<Int128>(call, to, operands,
                                            {on_failure, "the value does not fit the decimal type"},
                                            [&](int64_t row, Int128* out) {
                                              return Rescale(operands[0].integer(row), from_scale,
                                                             scale, precision, out);
                                            });
                  },
                  !widens && on_failure == OnFailure::kError};
}

std::optional<CastRule> ToReal(const TypePtr& from, const TypePtr& to) {
  if (!IsDecimal(*from)) return CastRule{ArrowCastKernel(to)};
  return CastRule{[=, scale = Scale(*from)](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    const Operand& in = operands[0];
    if (to->id() == arrow::Type::FLOAT) {
      return MapFixed<float>(call, to, operands, {}, [&](int64_t row, float* out) {
        *out = static_cast<float>(DecimalToDouble(in.decimal(row), scale));
        return true;
      });
    }
    return MapFixed<double>(call, to, operands, {}, [&](int64_t row, double* out) {
      *out = DecimalToDouble(in.decimal(row), scale);
      return true;
    });
  }};
}

}  // namespace

double DecimalToDouble(Int128 value, int scale) {
  // Both sides are exact doubles, so one division rounds once.
  constexpr int64_t kExact = int64_t{1} << 53;
  constexpr int kExactPower = 22;
  if (value <= kExact && value >= -kExact && scale <= kExactPower) {
    return static_cast<double>(static_cast<int64_t>(value)) /
           static_cast<double>(PowerOfTen(scale));
  }
  std::string text;
  AppendDecimal(value, scale, &text);
  return *ParseDouble(text);
}

std::optional<CastRule> FindNumberCast(const TypePtr& from, const TypePtr& to,
                                       OnFailure on_failure) {
  const bool from_bool = from->id() == arrow::Type::BOOL;
  if (!from_bool && !IsNumeric(*from)) return std::nullopt;
  if (IsInteger(*to)) return ToInteger(from, to, on_failure);
  if (IsDecimal(*to)) return ToDecimal(from, to, on_failure);
  if (IsReal(*to)) return ToReal(from, to);
  if (to->id() == arrow::Type::BOOL && IsInteger(*from)) return CastRule{ArrowCastKernel(to)};
  return std::nullopt;
}

}  // namespace headrace::expr
