#include "plan/nodes/filter.h"

#include "plan/bound_plan.h"
#include "plan/column_names.h"

namespace headrace {

FilterNode::FilterNode(PlanNodePtr input, expr::ExprPtr predicate, std::string where)
    : PlanNode({input}, input->columns(), std::move(where)), predicate_(std::move(predicate)) {}

PlanNodePtr FilterNode::WithInputs(std::vector<PlanNodePtr> inputs) const {
  HEADRACE_CHECK(inputs.size() == 1);
  return std::make_shared<FilterNode>(std::move(inputs.front()), predicate_, where());
}

PlanNodePtr FilterNode::PruneColumns(const ColumnSet& wanted) const {
  ColumnSet needed = wanted;
  needed.merge(ColumnsReadBy(*predicate_, columns()));
  return WithInputs({input().PruneColumns(needed)});
}

Result<BoundStep> FilterNode::Bind(const std::shared_ptr<arrow::Schema>& input) const {
  auto bound = expr::Bind(predicate_, *input);
  if (!bound.ok()) return AtStep(bound.status(), *this);
  const arrow::DataType& type = *expr::TypeOf(**bound);
  if (type.id() != arrow::Type::BOOL) {
    return AtStep(MakeError(ErrorKind::kInvalidPlan, 261,
                            "the condition is no boolean but {}: {}; compare it with something",
                            expr::TypeText(type), Describe()),
                  *this);
  }
  return BoundStep{kind_name(), Describe(), where(), BoundFilter{*bound}, input};
}

}  // namespace headrace
