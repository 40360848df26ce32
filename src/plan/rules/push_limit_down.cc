// Moves limits before projects, which keep every row, and makes one limit of two neighbours.
#include <algorithm>

#include "plan/nodes/limit.h"
#include "plan/nodes/project.h"
#include "plan/optimizer.h"

namespace headrace {
namespace {

PlanNodePtr PushOneLimit(const PlanNodePtr& node) {
  const auto* limit = dynamic_cast<const LimitNode*>(node.get());
  if (!limit) return node;
  if (const auto* below = dynamic_cast<const LimitNode*>(&limit->input())) {
    const LimitNode& smaller = below->rows() <= limit->rows() ? *below : *limit;
    return std::make_shared<LimitNode>(below->inputs().front(), smaller.rows(), smaller.where());
  }
  const auto* project = dynamic_cast<const ProjectNode*>(&limit->input());
  if (!project) return node;
  PlanNodePtr below = PushOneLimit(
      std::make_shared<LimitNode>(project->inputs().front(), limit->rows(), limit->where()));
  return project->WithInputs({std::move(below)});
}

}  // namespace

PlanNodePtr PushLimitDown(const PlanNodePtr& root) { return RewriteBottomUp(root, PushOneLimit); }

}  // namespace headrace
