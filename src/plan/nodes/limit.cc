#include "plan/nodes/limit.h"

#include "plan/bound_plan.h"

namespace headrace {

LimitNode::LimitNode(PlanNodePtr input, int64_t rows, std::string where)
    : PlanNode({input}, input->columns(), std::move(where)), rows_(rows) {}

PlanNodePtr LimitNode::WithInputs(std::vector<PlanNodePtr> inputs) const {
  HEADRACE_CHECK(inputs.size() == 1);
  return std::make_shared<LimitNode>(std::move(inputs.front()), rows_, where());
}

PlanNodePtr LimitNode::PruneColumns(const ColumnSet& wanted) const {
  return WithInputs({input().PruneColumns(wanted)});
}

Result<BoundStep> LimitNode::Bind(const std::shared_ptr<arrow::Schema>& input) const {
  return BoundStep{kind_name(), Describe(), where(), BoundLimit{rows_}, input};
}

}  // namespace headrace
