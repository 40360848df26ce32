// Pruning by what is known of single values, beside bounds.
#pragma once

#include <functional>
#include <string>

#include "expr/expr.h"

namespace headrace::expr {

// Whether a column may hold `value`, which may be of another type than the column; true = unknown.
using MayContain = std::function<bool(const std::string& column, const arrow::Scalar& value)>;

// As MayMatch by bounds alone; `may_contain` is asked only about values that bounds leave possible.
bool MayMatch(const BoundExpr& predicate, const BoundsLookup& bounds,
              const MayContain& may_contain);

}  // namespace headrace::expr
