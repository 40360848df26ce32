// Optimizer: the list of rules, applied in one fixed order until nothing changes.
#pragma once

#include <string>

#include "plan/logical_plan.h"

namespace headrace {

// A rule is a pure function from a tree to a tree that gives the same rows in the same order. It
// returns the very same pointer when it has nothing to do. Errors that only rows outside the result
// would have raised may disappear; a rule never adds any.
struct OptimizerRule {
  const char* name;
  PlanNodePtr (*apply)(const PlanNodePtr& root);
};

// One file each in plan/rules/.
PlanNodePtr PushFilterDown(
    const PlanNodePtr& root);  // filters run before projects they do not depend on
PlanNodePtr PushLimitDown(
    const PlanNodePtr& root);  // limits run before projects; neighbours become one
PlanNodePtr MergeProjects(
    const PlanNodePtr& root);  // adjacent projects become one where nothing is computed twice
PlanNodePtr RemoveIdleProjects(const PlanNodePtr& root);  // projects that change nothing go
PlanNodePtr PruneColumns(const PlanNodePtr& root);  // only what is needed is computed and read
PlanNodePtr PushIntoScan(
    const PlanNodePtr& root);  // what the source can do for the filters and limits above it

LogicalPlan Optimize(LogicalPlan plan);

// Applies `rewrite` to every node, inputs first.
using NodeRewrite = PlanNodePtr (*)(const PlanNodePtr& node);
PlanNodePtr RewriteBottomUp(const PlanNodePtr& root, NodeRewrite rewrite);

// The scan of a plan of one source.
const PlanNode& LeafOf(const PlanNode& root);

}  // namespace headrace
