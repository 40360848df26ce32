// round, floor and ceil.
#pragma once

#include "expr/kernel.h"

namespace headrace::expr {

enum class Rounding : uint8_t { kHalfUp, kFloor, kCeil };

// Half away from zero at `digits` decimals (negative: tens, hundreds, ...), as the same type; a
// decimal to `out`.
Kernel RoundIntegerKernel(const TypePtr& type, int64_t digits);
Kernel RoundRealKernel(const TypePtr& type, int64_t digits);
Kernel RoundDecimalKernel(const TypePtr& type, const TypePtr& out, int64_t digits);
// double -> int64, decimal -> decimal of scale 0.
Kernel FloorRealKernel(Rounding direction);
Kernel FloorDecimalKernel(Rounding direction, const TypePtr& type, const TypePtr& out);

}  // namespace headrace::expr
