#include "fake_run.h"

#include <signal.h>

#include "base/status.h"

namespace headrace {

FakeRun& TheFakeRun() {
  static FakeRun fake;
  return fake;
}

RunOutcome RunJob(const JobSpec& job, const RunControl& control) {
  FakeRun& fake = TheFakeRun();
  fake.job = job;
  fake.metrics_address = control.metrics_address;
  fake.metrics_file = control.metrics_file;
  fake.registered = control.registered;
  for (const RunSnapshot& snapshot : fake.snapshots) {
    if (control.on_snapshot) control.on_snapshot(snapshot);
  }
  Progress progress{
      .phase = "converting", .rows = 10, .bytes = 50, .bytes_total = 100, .seconds = 1};
  for (int i = 0; i < fake.progress_calls && control.on_progress; ++i)
    control.on_progress(progress);
  RunOutcome outcome{fake.status, fake.report};
  if (fake.raise_signal != 0) {
    raise(fake.raise_signal);
    while (*control.stop_signal == 0) {
    }
    outcome.status =
        MakeError(ErrorKind::kCancelled, 999, "stopped by a signal; nothing was published");
    outcome.report.status = "cancelled";
  }
  return outcome;
}

arrow::Result<std::string> ExplainJob(const JobSpec& job) {
  TheFakeRun().job = job;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return std::string("sink ...\n");
}

arrow::Result<PreviewResult> PreviewJob(const JobSpec& job, int64_t rows) {
  TheFakeRun().job = job;
  TheFakeRun().preview_rows = rows;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return PreviewResult{
      {"id", "name"}, {"int64", "string"}, {{"1", "ada"}, {"20", "NULL"}}, {"delimiter ','"}};
}

arrow::Result<JobSpec> LoadPipelineFile(const std::string&) {
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return TheFakeRun().pipeline;
}

std::vector<DoctorLine> Doctor(const std::string& directory) {
  return {{"disk", directory}, {"memory", "1 GiB"}};
}
std::string FormatErrorLine(const arrow::Status& status) { return FormatError(status); }
std::string ErrorCodeText(const arrow::Status& status) {
  return fmt::format("E{:04}", GetErrorCode(status));
}
int ExitCodeOf(const arrow::Status& status) {
  return status.ok() ? 0 : ExitCode(GetErrorKind(status));
}
std::string VersionText() { return "headrace 0"; }
arrow::Status InitializeProcess() { return arrow::Status::OK(); }

arrow::Result<std::vector<RegisteredRun>> ListRuns() {
  if (!TheFakeRun().list_status.ok()) return TheFakeRun().list_status;
  return TheFakeRun().runs;
}

void KeepDiagnoses(const std::vector<RegisteredRun>& runs) {
  for (const RegisteredRun& run : runs) {
    if (run.state == RunState::kDied) TheFakeRun().kept.push_back(run.snapshot.run_id);
  }
}

arrow::Result<TargetStatus> ReadTargetStatus(const std::string& path) {
  TheFakeRun().target.path = path;
  return TheFakeRun().target;
}

bool WritesTo(const RegisteredRun& run, const std::string& path) {
  return run.snapshot.output == path;
}

arrow::Result<History> ReadHistory(const std::string& dataset, int64_t entries_max) {
  TheFakeRun().dataset = dataset;
  TheFakeRun().entries_max = entries_max;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return TheFakeRun().history;
}

arrow::Result<LedgerEntry> ShowLedgerEntry(const std::string& dataset, const std::string& run) {
  TheFakeRun().dataset = dataset;
  TheFakeRun().run = run;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return TheFakeRun().history.entries.front();
}

arrow::Result<RollbackResult> RollBackDataset(const std::string& dataset, const std::string& run,
                                              std::optional<int64_t> retain_seconds) {
  TheFakeRun().dataset = dataset;
  TheFakeRun().run = run;
  TheFakeRun().retain_seconds = retain_seconds;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return TheFakeRun().rollback;
}

arrow::Result<VacuumResult> VacuumDataset(const std::string& dataset,
                                          const VacuumRequest& request) {
  TheFakeRun().dataset = dataset;
  TheFakeRun().vacuum_request = request;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return TheFakeRun().vacuum;
}

arrow::Result<std::vector<std::string>> RecoverTarget(const std::string& path) {
  TheFakeRun().dataset = path;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  return TheFakeRun().recovered;
}

arrow::Status ServeMonitor(const std::string& address, const volatile int* stop_signal,
                           const std::function<void(const std::string& url)>& on_ready) {
  TheFakeRun().served_address = address;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  on_ready("http://" + address + "/");
  raise(TheFakeRun().raise_signal);
  while (*stop_signal == 0) {
  }
  return arrow::Status::OK();
}

arrow::Result<FsckReport> CheckDataset(const std::string& path, const FsckOptions& options) {
  TheFakeRun().fsck_options = options;
  if (!TheFakeRun().status.ok()) return TheFakeRun().status;
  for (const FsckProblem& problem : TheFakeRun().fsck_problems) options.on_problem(problem);
  FsckReport report = TheFakeRun().fsck_report;
  report.path = path;
  return report;
}

}  // namespace headrace
