#include "plan/nodes/scan.h"

#include <fmt/ranges.h>

namespace headrace {

ScanNode::ScanNode(const std::vector<std::string>& source_columns)
    : ScanNode(ScanPushdown{.columns = source_columns}) {}

ScanNode::ScanNode(ScanPushdown pushdown)
    : PlanNode({}, pushdown.columns, ""), pushdown_(std::move(pushdown)) {}

std::string ScanNode::Describe() const {
  std::string text = fmt::format("{}[{}]", pushdown_.all_columns ? "all " : "",
                                 fmt::join(pushdown_.columns, ", "));
  if (pushdown_.predicate) text += " prune by " + expr::ToText(*pushdown_.predicate);
  if (pushdown_.row_limit >= 0) text += fmt::format(" first {} rows", pushdown_.row_limit);
  return text;
}

PlanNodePtr ScanNode::WithInputs(std::vector<PlanNodePtr> inputs) const {
  HEADRACE_CHECK(inputs.empty());
  return WithPushdown(pushdown_);
}

PlanNodePtr ScanNode::PruneColumns(const ColumnSet& wanted) const {
  ScanPushdown pushdown = pushdown_;
  std::erase_if(pushdown.columns, [&](const auto& name) { return !wanted.contains(name); });
  // Rows must still be counted when no column is read ("derive one constant"): the first column
  // stands for them.
  if (pushdown.columns.empty()) pushdown.columns.push_back(columns().front());
  pushdown.all_columns = pushdown_.all_columns && pushdown.columns.size() == columns().size();
  return WithPushdown(std::move(pushdown));
}

PlanNodePtr ScanNode::WithPushdown(ScanPushdown pushdown) const {
  return PlanNodePtr(new ScanNode(std::move(pushdown)));
}

}  // namespace headrace
