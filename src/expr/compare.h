// Comparison with one total order: NaN equals NaN and is above everything, -0.0 equals 0.0.
#pragma once

#include "expr/kernel.h"

namespace headrace::expr {

enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

// Of two arguments of the same type; NULL where one is NULL.
Kernel CompareKernel(Comparison comparison, const arrow::DataType& type);

}  // namespace headrace::expr
