// Entry points of the library. Errors are arrow::Status with a kind, see headrace/error.h.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "headrace/job.h"
#include "headrace/run_report.h"
#include "headrace/run_snapshot.h"

namespace headrace {

struct RunControl {
  ProgressCallback on_progress;  // called from a thread of its own, about ten times a second
  const volatile int* stop_signal =
      nullptr;                   // becomes the signal's number when the user wants to stop
  SnapshotCallback on_snapshot;  // called from a thread of its own, about ten times a second
  // One line for people, such as an alert that goes to the log; from any thread.
  std::function<void(const std::string& line)> on_log;
  // Where metrics are served while the run lasts, "127.0.0.1:9464" (loopback only); "" = nowhere.
  std::string metrics_address;
  // A file in Prometheus' text format, replaced about once a second and at the end; "" = none.
  std::string metrics_file;
  // Whether `headrace monitor` and `headrace status` of the same user see this run.
  bool registered = false;
  // Written by the caller while the run lasts: a new budget for the whole process, 0 = as it is.
  // Never above the budget that the run began with.
  const std::atomic<int64_t>* budget_bytes = nullptr;
};

struct RunOutcome {
  arrow::Status status;
  RunReport report;  // complete also when status failed
};

// Runs a job to its published end, or to a failure that left the target as it was.
RunOutcome RunJob(const JobSpec& job, const RunControl& control = {});

// The plan as text: steps with types, what the source took over, floors, threads, how the sink will
// route.
arrow::Result<std::string> ExplainJob(const JobSpec& job);

struct PreviewResult {
  std::vector<std::string> names;
  std::vector<std::string> types;
  std::vector<std::vector<std::string>> rows;  // text of every value; nulls as "NULL"
  std::vector<std::string> evidence;           // how the dialect and types were found
  int64_t rows_rejected = 0;  // bad rows that were left out before the last one here
};
// The first rows of an input after the job's steps. The output of the job is ignored.
arrow::Result<PreviewResult> PreviewJob(const JobSpec& job, int64_t rows);

// Reads a pipeline file (docs/pipeline-file.md). InvalidConfig with file:line:column.
arrow::Result<JobSpec> LoadPipelineFile(const std::string& path);

struct DoctorLine {
  std::string topic;
  std::string text;
};
// What headrace sees of this machine: the effective memory limit with every candidate, cores,
// kernel features, disks.
std::vector<DoctorLine> Doctor(const std::string& directory);

// One line for people and the exit code of a failure.
std::string FormatErrorLine(const arrow::Status& status);
std::string ErrorCodeText(const arrow::Status& status);  // "E0412"
int ExitCodeOf(const arrow::Status& status);
std::string VersionText();  // "headrace 0.1.0", then one line per library

// Prepares the process once, before any other call of the command: allocator settings, Arrow's
// kernels, thread pools.
arrow::Status InitializeProcess();

}  // namespace headrace
