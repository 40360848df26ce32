// Types a tree against a schema.
#pragma once

#include <string>
#include <vector>

#include "expr/bound.h"
#include "expr/function_table.h"

namespace headrace::expr {

// Role: one bind of one tree. Owner: Bind. Threads: one. Errors: InvalidPlan with the place in the
// text.
class Binder {
 public:
  explicit Binder(const arrow::Schema& schema)
      : schema_(schema), next_column_(schema.num_fields()) {}
  Result<BoundExprPtr> Run(const ExprPtr& node);

 private:
  Result<BoundExprPtr> BindColumn(const ExprPtr& node);
  Result<int> FindColumn(const Expr& node);
  Result<BoundExprPtr> BindCall(const ExprPtr& node);
  Result<BoundExprPtr> BindShift(const ExprPtr& node);
  Result<BoundExprPtr> BindCase(const ExprPtr& node);
  Result<BoundExprPtr> BindCaseOf(const ExprPtr& node);
  Result<BoundExprPtr> FinishCase(const ExprPtr& node, std::vector<BoundExprPtr> args);
  Result<BoundExprPtr> BindCast(const ExprPtr& node);
  Result<BoundExprPtr> Finish(const ExprPtr& node, CallSite* site);
  Status CheckCount(const Expr& node, const Function& function);
  Status CheckParameter(CallSite* site, size_t index, Param param);
  Status UnknownFunction(const Expr& node);

  const arrow::Schema& schema_;
  int next_column_;  // for values computed once and read several times
};

}  // namespace headrace::expr
