#include "expr/arithmetic.h"

#include <cmath>

#include "expr/operand.h"

namespace headrace::expr {
namespace {

constexpr std::string_view kZero = "division by zero";

// a * 10^left_digits (+ or -) b * 10^right_digits. The result type has room for every sum.
template <typename Combine>
Kernel Aligned(const TypePtr& left, const TypePtr& right, const TypePtr& out, Combine combine) {
  const auto left_factor = static_cast<Int128>(PowerOfTen(Scale(*out) - Scale(*left)));
  const auto right_factor = static_cast<Int128>(PowerOfTen(Scale(*out) - Scale(*right)));
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<Int128>(call, out, operands, {}, [&](int64_t row, Int128* sum) {
      *sum =
          combine(operands[0].decimal(row) * left_factor, operands[1].decimal(row) * right_factor);
      return true;
    });
  };
}

}  // namespace

Kernel DecimalAddKernel(const TypePtr& left, const TypePtr& right, const TypePtr& out) {
  return Aligned(left, right, out, [](Int128 a, Int128 b) { return a + b; });
}

Kernel DecimalSubtractKernel(const TypePtr& left, const TypePtr& right, const TypePtr& out) {
  return Aligned(left, right, out, [](Int128 a, Int128 b) { return a - b; });
}

Kernel DecimalMultiplyKernel(const TypePtr& out) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<Int128>(call, out, operands, {}, [&](int64_t row, Int128* product) {
      *product = operands[0].decimal(row) * operands[1].decimal(row);
      return true;
    });
  };
}

Kernel DecimalDivideKernel(const TypePtr& left, const TypePtr& right, const TypePtr& out,
                           OnFailure on_zero) {
  // The dividend gains as many digits as the result type has beyond it, so it never passes 38 of
  // them.
  const auto factor = static_cast<Int128>(PowerOfTen(Scale(*out) - Scale(*left) + Scale(*right)));
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<Int128>(
        call, out, operands, {on_zero, kZero}, [&](int64_t row, Int128* result) {
          const Int128 dividend = operands[0].decimal(row) * factor;
          const Int128 divisor = operands[1].decimal(row);
          if (divisor == 0) return false;
          const Int128 quotient = dividend / divisor;
          const Int128 remainder = dividend % divisor;
          const Int128 rest = remainder < 0 ? -remainder : remainder;
          const Int128 whole = divisor < 0 ? -divisor : divisor;
          const bool up = rest >= whole - rest;
          *result = up ? quotient + ((dividend < 0) == (divisor < 0) ? 1 : -1) : quotient;
          return true;
        });
  };
}

Kernel RemainderKernel(const TypePtr& type, const TypePtr& out, OnFailure on_zero) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    const FailurePolicy policy{on_zero, kZero};
    const auto remainder = [&]<typename T>(T) {
      return MapFixed<T>(call, out, operands, policy, [&](int64_t row, T* result) {
        const T dividend = operands[0].value<T>(row);
        const T divisor = operands[1].value<T>(row);
        if (divisor == 0) return false;
        if constexpr (std::is_floating_point_v<T>) {
          *result = std::fmod(dividend, divisor);
        } else {
          // The smallest integer has no positive twin: its remainder by -1 is computed apart.
          const bool minus_one = !std::is_unsigned_v<T> && divisor == static_cast<T>(-1);
          *result = minus_one ? T{0} : static_cast<T>(dividend % divisor);
        }
        return true;
      });
    };
    if (type->id() == arrow::Type::FLOAT) return remainder(float{});
    if (type->id() == arrow::Type::DOUBLE) return remainder(double{});
    if (IsDecimal(*type)) return remainder(Int128{});
    return VisitIntegerType(type->id(), remainder);
  };
}

Kernel IntegralDivideKernel(const TypePtr& type, OnFailure on_zero) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    // A quotient out of range is an error even where division by zero is NULL: it is found by a
    // second test.
    bool overflow = false;
    auto out = MapFixed<int64_t>(call, arrow::int64(), operands, {on_zero, kZero},
                                 [&](int64_t row, int64_t* result) {
                                   const Int128 divisor = operands[1].integer(row);
                                   if (divisor == 0) return false;
                                   const Int128 quotient = operands[0].integer(row) / divisor;
                                   overflow |= quotient < INT64_MIN || quotient > INT64_MAX;
                                   *result = static_cast<int64_t>(quotient);
                                   return true;
                                 });
    if (out.ok() && overflow) return MakeValueError("the quotient is out of range of int64");
    return out;
  };
}

Kernel RealDivideKernel(OnFailure on_zero) {
  if (on_zero == OnFailure::kError) return ArrowKernel("divide_checked");
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<double>(call, arrow::float64(), operands, {on_zero, kZero},
                            [&](int64_t row, double* result) {
                              const double divisor = operands[1].value<double>(row);
                              if (divisor == 0) return false;
                              *result = operands[0].value<double>(row) / divisor;
                              return true;
                            });
  };
}

TypePtr DecimalResult(DecimalOperation operation, const arrow::DataType& left,
                      const arrow::DataType& right) {
  const int p1 = Precision(left), s1 = Scale(left), p2 = Precision(right), s2 = Scale(right);
  int precision = 0;
  int scale = 0;
  switch (operation) {
    case DecimalOperation::kAdd:
      scale = std::max(s1, s2);
      precision = std::max(p1 - s1, p2 - s2) + scale + 1;
      break;
    case DecimalOperation::kMultiply:
      scale = s1 + s2;
      precision = p1 + p2 + 1;
      break;
    case DecimalOperation::kDivide:
      scale = std::max(6, s1 + p2 + 1);
      precision = p1 - s1 + s2 + scale;
      break;
    case DecimalOperation::kRemainder:
      scale = std::max(s1, s2);
      precision = std::min(p1 - s1, p2 - s2) + scale;
      break;
  }
  return precision <= kMaxDecimalPrecision ? arrow::decimal128(std::max(precision, 1), scale)
                                           : nullptr;
}

}  // namespace headrace::expr
