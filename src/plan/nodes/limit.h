// Limit node: the first rows of the input order.
#pragma once

#include <string>
#include <vector>

#include "plan/logical_plan.h"

namespace headrace {

// Role: a limit step. See PlanNode.
class LimitNode : public PlanNode {
 public:
  LimitNode(PlanNodePtr input, int64_t rows, std::string where);

  const char* kind_name() const override { return "limit"; }
  std::string Describe() const override { return std::to_string(rows_); }
  PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const override;
  PlanNodePtr PruneColumns(const ColumnSet& wanted) const override;
  Result<BoundStep> Bind(const std::shared_ptr<arrow::Schema>& input) const override;

  int64_t rows() const { return rows_; }

 private:
  const int64_t rows_;
};

}  // namespace headrace
