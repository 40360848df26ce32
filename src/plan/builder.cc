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

bool NamesOneFile(const OutputSpec& output) { return output.path.ends_with(".parquet"); }

// Endings of formats that are known but cannot be written yet: a directory of that name would
// surprise.
Status CheckOutput(const OutputSpec& output) {
  if (output.path.empty())
    return MakeError(ErrorKind::kInvalidPlan, 266, "the output has no path; name one");
  std::string path = output.path;
  for (const char* compression : {".gz", ".zst", ".bz2", ".lz4"}) {
    if (path.ends_with(compression))
      path.resize(path.size() - std::string_view(compression).size());
  }
  for (const char* ending : {".csv", ".tsv", ".jsonl", ".ndjson", ".arrow", ".feather"}) {
    if (output.format.empty() && path.ends_with(ending)) {
      return MakeError(
          ErrorKind::kInvalidPlan, 266,
          "writing {} files is not available in this version; end the name in .parquet, or say "
          "format parquet for a dataset directory of that name: {}",
          ending, output.path);
    }
  }
  if (!output.format.empty() && output.format != "parquet") {
    return MakeError(ErrorKind::kInvalidPlan, 266,
                     "writing format '{}' is not available in this version; use parquet",
                     output.format);
  }
  if (NamesOneFile(output) && !output.partition_by.empty()) {
    return MakeError(ErrorKind::kInvalidPlan, 267,
                     "a single file cannot be partitioned; name a directory instead of {}",
                     output.path);
  }
  return Status::OK();
}

Result<PlanNodePtr> MakeSink(PlanNodePtr input, OutputSpec output) {
  if (output.partition_by.empty())
    return std::make_shared<SinkNode>(std::move(input), std::move(output));
  ARROW_ASSIGN_OR_RAISE(auto indices, FindColumns(output.partition_by, input->columns()));
  for (size_t i = 0; i < indices.size(); ++i) {
    std::string& name = output.partition_by[i];
    name = input->columns()[indices[i]];
    if (name.front() == '_' || name.front() == '.') {
      return MakeError(ErrorKind::kInvalidPlan, 263,
                       "column '{}' cannot be a partition column, because readers skip directories "
                       "whose names begin with '_' or '.'; rename it",
                       name);
    }
  }
  if (indices.size() == input->columns().size()) {
    return MakeError(
        ErrorKind::kInvalidPlan, 264,
        "every column is a partition column, so the files would have none; keep at least "
        "one other column");
  }
  return std::make_shared<SinkNode>(std::move(input), std::move(output));
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
  ARROW_RETURN_NOT_OK(AtStep(CheckOutput(job.output), "", "sink"));
  auto sink = MakeSink(std::move(node), job.output);
  if (!sink.ok()) return AtStep(sink.status(), "", "partition_by");
  return LogicalPlan{.root = *sink,
                     .source_columns = source_columns,
                     .scan = ScanPushdown{.columns = source_columns}};
}

Result<LogicalPlan> BuildPlan(const JobSpec& job, const std::vector<std::string>& source_columns) {
  ARROW_ASSIGN_OR_RAISE(LogicalPlan plan, BuildUnoptimizedPlan(job, source_columns));
  return Optimize(std::move(plan));
}

}  // namespace headrace
