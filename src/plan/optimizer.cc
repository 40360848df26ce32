#include "plan/optimizer.h"

#include <algorithm>

#include "plan/nodes/scan.h"

namespace headrace {
namespace {

// The order matters only for how many rounds are needed. Column pruning and the scan come last:
// they see the final shape.
constexpr OptimizerRule kShapeRules[] = {
    {"push_filter_down", PushFilterDown},
    {"push_limit_down", PushLimitDown},
    {"merge_projects", MergeProjects},
    {"remove_idle_projects", RemoveIdleProjects},
};
constexpr OptimizerRule kFinalRules[] = {
    {"prune_columns", PruneColumns},
    {"remove_idle_projects", RemoveIdleProjects},
    {"push_into_scan", PushIntoScan},
};
// Each round moves or removes at least one node; plans have a bounded number of steps.
constexpr int kRoundsMax = 1000;

bool Apply(const OptimizerRule& rule, LogicalPlan* plan) {
  PlanNodePtr rewritten = rule.apply(plan->root);
  if (rewritten == plan->root) return false;
  plan->root = std::move(rewritten);
  if (std::find(plan->rules.begin(), plan->rules.end(), rule.name) == plan->rules.end()) {
    plan->rules.push_back(rule.name);
  }
  return true;
}

}  // namespace

LogicalPlan Optimize(LogicalPlan plan) {
  for (int round = 0; round < kRoundsMax; ++round) {
    bool changed = false;
    for (const OptimizerRule& rule : kShapeRules) changed |= Apply(rule, &plan);
    if (!changed) break;
  }
  for (const OptimizerRule& rule : kFinalRules) Apply(rule, &plan);
  plan.scan = static_cast<const ScanNode&>(LeafOf(*plan.root)).pushdown();
  return plan;
}

PlanNodePtr RewriteBottomUp(const PlanNodePtr& root, NodeRewrite rewrite) {
  std::vector<PlanNodePtr> inputs;
  bool changed = false;
  for (const PlanNodePtr& input : root->inputs()) {
    inputs.push_back(RewriteBottomUp(input, rewrite));
    changed |= inputs.back() != input;
  }
  return rewrite(changed ? root->WithInputs(std::move(inputs)) : root);
}

const PlanNode& LeafOf(const PlanNode& root) {
  const PlanNode* node = &root;
  while (!node->inputs().empty()) node = &node->input();
  return *node;
}

}  // namespace headrace
