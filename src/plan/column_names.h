// Column names: finding the column a user means, and saying well when there is none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// The column `name` means: an exact match, else a unique match that ignores ASCII letter case (as
// expr::Bind does). InvalidPlan: unknown (with the nearest name and the first names there are), or
// ambiguous.
Result<std::string> ResolveColumn(std::string_view name, const std::vector<std::string>& columns);

// Which of `columns` an expression reads, names resolved. The expression must have passed
// CheckColumns.
ColumnSet ColumnsReadBy(const expr::Expr& expression, const std::vector<std::string>& columns);

// Every column the expression reads exists and is unambiguous.
Status CheckColumns(const expr::Expr& expression, const std::vector<std::string>& columns);

// `name` as SQL text that means exactly this column: "a ""b""".
std::string QuoteColumn(std::string_view name);

// Puts the step's place and kind before a message: "p.yaml:12:5: filter: ...".
Status AtStep(const Status& status, const PlanNode& node);
Status AtStep(const Status& status, std::string_view where, std::string_view kind_name);

}  // namespace headrace
