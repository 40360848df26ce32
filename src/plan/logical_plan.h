// LogicalPlan: what a job computes, as an immutable tree of nodes over column names.
//
// A plan is made in two stages, because column types cost a pass over the input where they are
// inferred:
//   BuildPlan  job + column names -> validated, optimized tree; says which source columns are
//   needed (ScanPushdown); BindPlan   tree + typed source schema -> typed steps in the order in
//   which a batch meets them.
// Invariants: nodes never change after construction; every column a node reads is an output of its
// input (checked when the plan is built); a rule of plan/rules/ maps a tree to a tree that gives
// the same rows in the same order.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "expr/expr.h"
#include "headrace/job.h"

namespace headrace {

class PlanNode;
using PlanNodePtr = std::shared_ptr<const PlanNode>;
using ColumnSet = std::set<std::string>;
struct BoundStep;  // plan/bound_plan.h

// What the source may do for the plan. The filter steps stay in the plan: a predicate here is for
// pruning only.
struct ScanPushdown {
  std::vector<std::string> columns =
      {};                   // source columns the plan reads, in source order; never empty
  bool all_columns = true;  // they are all of the source's columns
  expr::ExprPtr predicate =
      {};                  // null, or: rows failing it are not needed; over source column names
  int64_t row_limit = -1;  // no more than the first so many rows are needed; -1 = all
};

// Role: one step of a plan. Owner: shared, immutable. Threads: any. Errors: only Bind has them.
// A new kind of step is one subclass in a file of plan/nodes/ and one case in plan/step_builder.cc;
// rules pass by what they do not know.
class PlanNode {
 public:
  virtual ~PlanNode() = default;
  // "filter", "project": for messages, explain and stage names.
  virtual const char* kind_name() const = 0;
  // What follows the kind in an explain line: "fare >= 0", "[a, b = a + 1]".
  virtual std::string Describe() const = 0;
  // The same node over other inputs that have (at least) the columns it reads.
  virtual PlanNodePtr WithInputs(std::vector<PlanNodePtr> inputs) const = 0;
  // This subtree without what is only needed for columns outside `wanted`. The wanted columns stay;
  // others may.
  virtual PlanNodePtr PruneColumns(const ColumnSet& wanted) const = 0;
  // The step with types, given its input's schema. Internal for nodes that are no step (scan,
  // sink).
  virtual Result<BoundStep> Bind(const std::shared_ptr<arrow::Schema>& input) const;

  const std::vector<PlanNodePtr>& inputs() const { return inputs_; }
  const PlanNode& input() const { return *inputs_.front(); }
  // Names of the columns it gives, in order. Unique.
  const std::vector<std::string>& columns() const { return columns_; }
  // Where the user wrote it: "p.yaml:12:5", or "" for a command line.
  const std::string& where() const { return where_; }

 protected:
  PlanNode(std::vector<PlanNodePtr> inputs, std::vector<std::string> columns, std::string where)
      : inputs_(std::move(inputs)), columns_(std::move(columns)), where_(std::move(where)) {}

 private:
  const std::vector<PlanNodePtr> inputs_;
  const std::vector<std::string> columns_;
  const std::string where_;
};

struct LogicalPlan {
  PlanNodePtr root = {};                         // a sink node
  std::vector<std::string> source_columns = {};  // what the plan was built for
  ScanPushdown scan = {};                        // of the one source of this version
  std::vector<std::string> rules = {};           // optimizer rules that changed something, in order
};

// Turns the job's steps into a plan over these column names, checks it and optimizes it.
// InvalidPlan: unknown columns (with the nearest name), duplicate or empty outputs, bad partition
// columns, bad types.
Result<LogicalPlan> BuildPlan(const JobSpec& job, const std::vector<std::string>& source_columns);
// The same without the optimizer: for tests of the rules.
Result<LogicalPlan> BuildUnoptimizedPlan(const JobSpec& job,
                                         const std::vector<std::string>& source_columns);

// The tree as text, one line per node, root first.
std::string ExplainTree(const PlanNode& root);

}  // namespace headrace
