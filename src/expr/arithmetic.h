// Kernels of + - * / % div for types where Arrow's differ from ours or are missing.
#pragma once

#include "expr/kernel.h"

namespace headrace::expr {

// Decimals of any two types; `out` must be the operation's result type (DecimalResult).
Kernel DecimalAddKernel(const TypePtr& left, const TypePtr& right, const TypePtr& out);
Kernel DecimalSubtractKernel(const TypePtr& left, const TypePtr& right, const TypePtr& out);
Kernel DecimalMultiplyKernel(const TypePtr& out);
// Rounds half away from zero.
Kernel DecimalDivideKernel(const TypePtr& left, const TypePtr& right, const TypePtr& out,
                           OnFailure on_zero);

// Of two arguments of one type, integer, real or decimal; takes the dividend's sign.
Kernel RemainderKernel(const TypePtr& type, const TypePtr& out, OnFailure on_zero);
// Of two int64 or two decimals of one scale; toward zero, as int64.
Kernel IntegralDivideKernel(const TypePtr& type, OnFailure on_zero);
// Of two doubles.
Kernel RealDivideKernel(OnFailure on_zero);

// ANSI result types. Null when more than 38 digits would be needed.
enum class DecimalOperation : uint8_t { kAdd, kMultiply, kDivide, kRemainder };
TypePtr DecimalResult(DecimalOperation operation, const arrow::DataType& left,
                      const arrow::DataType& right);

}  // namespace headrace::expr
