// Rewriting expressions for optimizer rules.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "expr/expr.h"

namespace headrace {

// The column name as written, when the expression is nothing but a column.
std::optional<std::string> AsColumn(const expr::Expr& expression);

// "a AND b AND c" -> {a, b, c}, in order; anything else -> itself.
std::vector<expr::ExprPtr> SplitConjunction(const expr::ExprPtr& expression);

// The inverse: null for none.
expr::ExprPtr Conjoin(const std::vector<expr::ExprPtr>& parts);

// The expression with every column replaced by the column that `names` maps it to. Every column it
// reads, as written, must be a key.
expr::ExprPtr RenameColumns(const expr::ExprPtr& expression,
                            const std::map<std::string, std::string>& names);

}  // namespace headrace
