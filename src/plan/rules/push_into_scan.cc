// Tells the source what the filters and limits above it allow: rows that fail the filters need not
// be read, and nothing after a limit that no filter stands below. The filters stay; the source only
// prunes what it can prove.
#include <algorithm>

#include "expr/ast.h"
#include "plan/expression_rewrite.h"
#include "plan/nodes/filter.h"
#include "plan/nodes/limit.h"
#include "plan/nodes/project.h"
#include "plan/nodes/scan.h"
#include "plan/optimizer.h"

namespace headrace {
namespace {

// Nodes from the scan upwards.
std::vector<const PlanNode*> ChainFromScan(const PlanNode& root) {
  std::vector<const PlanNode*> chain{&root};
  while (!chain.back()->inputs().empty()) chain.push_back(&chain.back()->input());
  std::reverse(chain.begin(), chain.end());
  return chain;
}

ScanPushdown PushdownFor(const std::vector<const PlanNode*>& chain) {
  ScanPushdown pushdown = static_cast<const ScanNode*>(chain.front())->pushdown();
  std::vector<expr::ExprPtr> conditions;
  int depth = 0;
  for (auto it = chain.begin() + 1; it != chain.end(); ++it) {
    if (const auto* filter = dynamic_cast<const FilterNode*>(*it)) {
      depth = std::max(depth, filter->predicate()->depth()) + 1;
      if (depth > expr::kMaxDepth) break;
      conditions.push_back(filter->predicate());
      continue;
    }
    const auto* limit = dynamic_cast<const LimitNode*>(*it);
    if (limit && conditions.empty()) pushdown.row_limit = limit->rows();
    break;  // what stands above a limit or a project speaks of other rows or other columns
  }
  pushdown.predicate = Conjoin(conditions);
  return pushdown;
}

PlanNodePtr ReplaceLeaf(const PlanNodePtr& node, const PlanNodePtr& leaf) {
  if (node->inputs().empty()) return leaf;
  return node->WithInputs({ReplaceLeaf(node->inputs().front(), leaf)});
}

}  // namespace

PlanNodePtr PushIntoScan(const PlanNodePtr& root) {
  const std::vector<const PlanNode*> chain = ChainFromScan(*root);
  ScanPushdown pushdown = PushdownFor(chain);
  if (!pushdown.predicate && pushdown.row_limit < 0) return root;
  return ReplaceLeaf(root, static_cast<const ScanNode*>(chain.front())->WithPushdown(pushdown));
}

}  // namespace headrace
