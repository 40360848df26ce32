// Leaves out columns that nothing above reads: computed ones are not computed, source columns are
// not read.
#include "plan/optimizer.h"

namespace headrace {

PlanNodePtr PruneColumns(const PlanNodePtr& root) {
  PlanNodePtr pruned =
      root->PruneColumns(ColumnSet(root->columns().begin(), root->columns().end()));
  // Every node is made anew; the text tells whether anything went.
  return ExplainTree(*pruned) == ExplainTree(*root) ? root : pruned;
}

}  // namespace headrace
