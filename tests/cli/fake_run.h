// What the fake of headrace/run.h, headrace/monitor.h, headrace/history.h and headrace/fsck.h was
// asked for, and what it answers.
#pragma once

#include "headrace/fsck.h"
#include "headrace/history.h"
#include "headrace/monitor.h"
#include "headrace/run.h"

namespace headrace {

struct FakeRun {
  JobSpec job;  // of the last call
  int64_t preview_rows = 0;
  arrow::Status status;  // what RunJob, ExplainJob, PreviewJob and LoadPipelineFile fail with
  RunReport report;
  JobSpec pipeline;        // what LoadPipelineFile gives
  int raise_signal = 0;    // RunJob and ServeMonitor raise it and wait for the stop flag
  int progress_calls = 0;  // RunJob reports progress so many times
  std::vector<RunSnapshot> snapshots;  // what RunJob reports, in this order
  std::string metrics_address;         // of the last RunJob, as what follows
  std::string metrics_file;
  bool registered = false;

  arrow::Status list_status;  // what ListRuns fails with
  std::vector<RegisteredRun> runs;
  std::vector<std::string> kept;  // ids of the runs whose diagnoses were kept
  TargetStatus target;
  std::string served_address;
  // Of the last call about the past of a dataset, and the answers; all of them fail with `status`.
  std::string dataset;
  std::string run;
  int64_t entries_max = 0;
  std::optional<int64_t> retain_seconds;
  VacuumRequest vacuum_request;
  History history;
  RollbackResult rollback;
  VacuumResult vacuum;
  std::vector<std::string> recovered;

  FsckOptions fsck_options;  // of the last CheckDataset
  std::vector<FsckProblem> fsck_problems;
  FsckReport fsck_report;
};

FakeRun& TheFakeRun();

}  // namespace headrace
