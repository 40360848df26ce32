// Who is running, who ended, who died: what every run of the command leaves in the user's registry,
// and a web page of it. docs/monitor.md is the page for users.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "headrace/run_snapshot.h"

namespace headrace {

enum class RunState : uint8_t {
  kRunning,
  kEnded,  // it said so itself: published, failed or cancelled
  kDied,   // its process is gone and never said that it ended
};

// One point of a run's curve, about one per second.
struct RunPoint {
  double seconds = 0;  // since the start of the run
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t budget_bytes = 0;
  int64_t accounted_bytes = 0;
  int64_t rss_bytes = 0;
  double used_share = 0;
};

struct RegisteredRun {
  RunSnapshot snapshot;  // the last one
  RunState state = RunState::kRunning;
  std::vector<RunPoint> curve;  // oldest first, the last two minutes at most
  double written_at = 0;        // the last snapshot, seconds since 1970
  double age_seconds = 0;       // since then
  double rows_per_second = 0;   // of the last seconds
  double bytes_per_second = 0;
  // Of a run that died: the last sample, what it did, the likely cause, what to do. One line each.
  std::vector<std::string> diagnosis;
};

// The runs of this user: running ones first, then those that died or ended, the newest first. An
// empty list where nothing was ever registered. Sink or Source when the registry cannot be trusted
// (a symlink, or a directory of another user) or read.
arrow::Result<std::vector<RegisteredRun>> ListRuns();

// Keeps the diagnosis of the runs in `runs` that died, so that it is the same tomorrow, and lets
// their files go with those of ended runs. What cannot be written is tried again next time.
void KeepDiagnoses(const std::vector<RegisteredRun>& runs);

// What stands at a target, read without taking its lock and without changing anything.
struct TargetStatus {
  std::string path;  // absolute
  bool found = false;
  std::string last_run;    // "", or a line about the newest entry of the dataset's ledger
  int64_t unfinished = 0;  // transactions that no run has finished or cleaned up yet
};
arrow::Result<TargetStatus> ReadTargetStatus(const std::string& path);

// Whether a run writes, or wrote, the target at `path`.
bool WritesTo(const RegisteredRun& run, const std::string& path);

// One line: "running  trips -> out/trips  6,001,215 rows, 31.2 MB/s, ..."; a run that died is
// followed by the lines of its diagnosis, indented.
std::vector<std::string> DescribeRun(const RegisteredRun& run);

// Serves a page that shows the runs live, until `*stop_signal` is not 0. `on_ready` gets the URL
// once. Loopback addresses only, port 0 = any free. InvalidConfig, or Network when the address is
// taken.
arrow::Status ServeMonitor(const std::string& address, const volatile int* stop_signal,
                           const std::function<void(const std::string& url)>& on_ready);

}  // namespace headrace
