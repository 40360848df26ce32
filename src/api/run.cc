#include "headrace/run.h"

#include <arrow/config.h>

#include <algorithm>

#include "api/watched_run.h"
#include "base/status.h"
#include "base/version.h"
#include "env/env.h"
#include "pipeline/pipeline_file.h"
#include "runtime/job_run.h"
#include "runtime/resources.h"

namespace headrace {
namespace {

// What people see of one value in a preview.
Result<std::string> ValueText(const arrow::Array& column, int64_t row) {
  if (column.IsNull(row)) return std::string("NULL");
  ARROW_ASSIGN_OR_RAISE(const auto scalar, column.GetScalar(row));
  return scalar->ToString();
}

Status AppendRows(const arrow::RecordBatch& batch, int64_t rows_max, PreviewResult* preview) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    if (static_cast<int64_t>(preview->rows.size()) == rows_max) return Status::OK();
    std::vector<std::string> texts;
    for (const auto& column : batch.columns()) {
      ARROW_ASSIGN_OR_RAISE(auto text, ValueText(*column, row));
      texts.push_back(std::move(text));
    }
    preview->rows.push_back(std::move(texts));
  }
  return Status::OK();
}

}  // namespace

Status InitializeProcess() { return PrepareProcess(ProcessOwner::kCommand); }

RunOutcome RunJob(const JobSpec& job, const RunControl& control) {
  RunOutcome outcome;
  WatchedRun run(job, control);
  outcome.status = run.Execute(&outcome.report);
  outcome.report.name = job.name;
  for (InputReport& input : outcome.report.inputs) input.source = job.inputs.front().id;
  return outcome;
}

Result<std::string> ExplainJob(const JobSpec& job) {
  JobRun run(job);
  return run.Explain();
}

Result<PreviewResult> PreviewJob(const JobSpec& job, int64_t rows) {
  JobSpec limited = job;
  limited.output = OutputSpec{};
  limited.output.path = "preview";
  limited.steps.push_back(Step{LimitStep{rows}, ""});
  JobRun run(limited);
  PreviewResult preview;
  ARROW_ASSIGN_OR_RAISE(const auto batches, run.Collect(&preview.rows_rejected));
  preview.evidence = run.evidence();
  for (const auto& field : run.plan().output_schema->fields()) {
    preview.names.push_back(field->name());
    preview.types.push_back(expr::TypeText(*field->type()));
  }
  for (const auto& batch : batches) {
    ARROW_RETURN_NOT_OK(AppendRows(*batch.columns, rows, &preview));
  }
  return preview;
}

Result<JobSpec> LoadPipelineFile(const std::string& path) {
  return LoadPipeline(Env::Default(), path);
}

std::string FormatErrorLine(const Status& status) { return FormatError(status); }
std::string ErrorCodeText(const Status& status) {
  return fmt::format("E{:04}", GetErrorCode(status));
}

int ExitCodeOf(const Status& status) { return ExitCode(status); }

std::string VersionText() {
  return fmt::format("headrace {}\narrow {}", kVersion, arrow::GetBuildInfo().version_string);
}

}  // namespace headrace
