// BuildPlan: the steps of a job as plan nodes, checked against column names.
#include <algorithm>
#include <set>

#include "plan/column_names.h"
#include "plan/logical_plan.h"
#include "plan/nodes/scan.h"
#include "plan/nodes/sink.h"
#include "plan/optimizer.h"
#include "plan/step_builder.h"

namespace headrace {
namespace {

Status CheckSourceColumns(const std::vector<std::string>& columns) {
  if (columns.empty()) {
    return MakeError(ErrorKind::kBadInput, 259,
                     "the input has no columns; nothing can be read from it");
  }
  const std::set<std::string> unique(columns.begin(), columns.end());
  if (unique.size() == columns.size()) return Status::OK();
  for (auto it = columns.begin(); it != columns.end(); ++it) {
    if (std::find(it + 1, columns.end(), *it) != columns.end()) {
      return MakeError(ErrorKind::kBadInput, 260,
                       "the input has two columns called '{}'; rename one of them in the input",
                       *it);
    }
  }
  return Status::OK();
}

// Gives the partition columns the names that they have in `columns`.
Status ResolvePartitionColumns(const std::vector<std::string>& columns, OutputSpec* output) {
  if (output->partition_by.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(output->partition_by, columns));
  for (size_t i = 0; i < indices.size(); ++i) {
    std::string& name = output->partition_by[i];
    name = columns[indices[i]];
    if (name.front() == '_' || name.front() == '.') {
      return MakeError(ErrorKind::kInvalidPlan, 263,
                       "column '{}' cannot be a partition column, because readers skip directories "
                       "whose names begin with '_' or '.'; rename it",
                       name);
    }
  }
  if (indices.size() == columns.size()) {
    return MakeError(
        ErrorKind::kInvalidPlan, 264,
        "every column is a partition column, so the files would have none; keep at least "
        "one other column");
  }
  return Status::OK();
}

// Gives the columns to sort by the names that they have in `columns`.
Status ResolveSortColumns(const std::vector<std::string>& columns, OutputSpec* output) {
  std::vector<std::string> names;
  for (const SortColumn& column : output->sort_within) names.push_back(column.name);
  if (names.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(names, columns));
  for (size_t i = 0; i < indices.size(); ++i) {
    SortColumn& column = output->sort_within[i];
    column.name = columns[indices[i]];
    if (std::find(output->partition_by.begin(), output->partition_by.end(), column.name) !=
        output->partition_by.end()) {
      return MakeError(ErrorKind::kInvalidPlan, 269,
                       "column '{}' is a partition column, the same in every row of a file; leave "
                       "it out",
                       column.name);
    }
  }
  return Status::OK();
}

}  // namespace

Result<LogicalPlan> BuildUnoptimizedPlan(const JobSpec& job,
                                         const std::vector<std::string>& source_columns) {
  ARROW_RETURN_NOT_OK(CheckSourceColumns(source_columns));
  if (job.steps.size() > kPlanStepsMax) {
    return MakeError(ErrorKind::kInvalidPlan, 268, "more than {} steps: {}; make fewer",
                     kPlanStepsMax, job.steps.size());
  }
  PlanNodePtr node = std::make_shared<ScanNode>(source_columns);
  for (const Step& step : job.steps) {
    ARROW_ASSIGN_OR_RAISE(node, AddStep(std::move(node), step));
  }
  std::vector<OutputSpec> outputs = OutputsOf(job);
  for (OutputSpec& output : outputs) {
    const Status resolved = ResolvePartitionColumns(node->columns(), &output);
    if (!resolved.ok()) return AtStep(resolved, "", "partition_by");
    const Status sorted = ResolveSortColumns(node->columns(), &output);
    if (!sorted.ok()) return AtStep(sorted, "", "sort_within");
  }
  return LogicalPlan{.root = std::make_shared<SinkNode>(std::move(node), std::move(outputs)),
                     .source_columns = source_columns,
                     .scan = ScanPushdown{.columns = source_columns}};
}

Result<LogicalPlan> BuildPlan(const JobSpec& job, const std::vector<std::string>& source_columns) {
  ARROW_ASSIGN_OR_RAISE(LogicalPlan plan, BuildUnoptimizedPlan(job, source_columns));
  return Optimize(std::move(plan));
}

}  // namespace headrace
