// BoundPlan: a plan with types, as the list of steps that every batch passes.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "expr/expr.h"
#include "headrace/job.h"
#include "plan/logical_plan.h"

namespace headrace {

struct BoundFilter {
  expr::BoundExprPtr predicate;  // boolean; rows where it is false or NULL go
};

// One output column: a column of the input as it is, or an expression over the input's columns.
struct BoundColumn {
  std::string name;
  int input_index = -1;           // >= 0: that column of the input, untouched
  expr::BoundExprPtr expression;  // set when input_index < 0
};
struct BoundProject {
  std::vector<BoundColumn> columns;
};

struct BoundLimit {
  int64_t rows = 0;
};

struct BoundStep {
  std::string name;   // "filter", "project", "limit"
  std::string text;   // for explain and errors: "fare >= 0"
  std::string where;  // "p.yaml:12:5" or ""
  std::variant<BoundFilter, BoundProject, BoundLimit> what;
  std::shared_ptr<arrow::Schema> output_schema;
};

struct BoundPlan {
  std::shared_ptr<arrow::Schema>
      source_schema;             // as the source gives it: the columns of ScanPushdown, typed
  std::vector<BoundStep> steps;  // in the order in which a batch meets them
  std::shared_ptr<arrow::Schema> output_schema;  // after the last step; partition columns included
  // Of each output: indices into output_schema, outermost directory first.
  std::vector<std::vector<int>> partition_columns;
  // Of each output, named as in output_schema.
  std::vector<std::vector<SortColumn>> sort_columns;
};

// Types a plan. `source_schema` has the plan's ScanPushdown.columns, in any order and possibly with
// others between. InvalidPlan: type errors in expressions (with a caret), a filter that is not
// boolean, casts without a rule, partition columns of a type that makes no directory names.
Result<BoundPlan> BindPlan(const LogicalPlan& plan,
                           const std::shared_ptr<arrow::Schema>& source_schema);

// What is known about the run besides the plan; -1 or "" = unknown.
struct ExplainContext {
  int64_t estimated_rows = -1;
  int64_t total_bytes = -1;
  std::vector<std::string> scan_evidence;  // what the source took over and pruned
};

// One line per node, sink first, with columns and types, pushdowns and estimates.
std::string ExplainPlan(const LogicalPlan& plan, const BoundPlan& bound,
                        const ExplainContext& context = {});

}  // namespace headrace
