// Converts argv[1] to argv[2] through the public headers alone and prints the summary line.
#include <cstdio>
#include <string>

#include "headrace/job.h"
#include "headrace/run.h"
#include "headrace/run_report.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (const arrow::Status started = headrace::InitializeProcess(); !started.ok()) {
    std::fprintf(stderr, "%s\n", headrace::FormatErrorLine(started).c_str());
    return headrace::ExitCodeOf(started);
  }
  headrace::JobSpec job;
  job.inputs.push_back({});
  job.inputs[0].paths.emplace_back(argv[1]);
  job.steps.push_back({headrace::FilterStep{"id > 1"}, ""});
  job.output.path = argv[2];
  job.resources.memory = "128MiB";
  const headrace::RunOutcome outcome = headrace::RunJob(job);
  if (!outcome.status.ok()) {
    std::fprintf(stderr, "%s\n", headrace::FormatErrorLine(outcome.status).c_str());
    return headrace::ExitCodeOf(outcome.status);
  }
  std::puts(headrace::ReportSummaryLine(outcome.report).c_str());
  return 0;
}
