// Filter node: keeps the rows for which a predicate is true.
#pragma once

#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// Role: a filter step; rows where the predicate is false or NULL go. See PlanNode.
class FilterNode : public PlanNode {
 public:
  FilterNode(PlanNodePtr input, expr::ExprPtr predicate, std::string where);

  const char* kind_name() const override { return "filter"; }
  std::string Describe() const override { return expr::ToText(*predicate_); }
  PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const override;
  PlanNodePtr PruneColumns(const ColumnSet& wanted) const override;
  Result<BoundStep> Bind(const std::shared_ptr<arrow::Schema>& input) const override;

  const expr::ExprPtr& predicate() const { return predicate_; }

 private:
  const expr::ExprPtr predicate_;
};

}  // namespace headrace
