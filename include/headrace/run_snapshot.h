// RunSnapshot: what a run looks like from outside at one moment. Progress bar, metrics, alerts,
// `headrace monitor` and the diagnosis of a run that died all read this one structure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace headrace {

struct StageSnapshot {
  std::string name;
  int64_t reserved_bytes = 0;
  int64_t reserved_peak_bytes = 0;
};

struct RunSnapshot {
  std::string run_id;
  std::string name;  // JobSpec.name
  int64_t process_id = 0;
  std::string output;      // path of the target, "" in a preview
  std::string started_at;  // ISO 8601, UTC
  std::string phase;       // "inferring types", "converting", "finishing files", "publishing"
  std::string mode;        // "direct" or "streaming"; "" until it is decided
  bool ended = false;      // the last snapshot of a run
  std::string status;      // once ended: "published", "failed", "cancelled"
  std::string error_code;  // once ended and failed: "E0701"
  double seconds = 0;      // since the start
  int threads = 0;
  int active_threads = 0;  // fewer while the governor rests some
  int64_t rows = 0;        // read so far
  int64_t rows_rejected = 0;
  int64_t bytes = 0;  // of input consumed so far
  int64_t bytes_total = -1;

  // Memory of the process, page cache never included.
  int64_t budget_bytes = 0;  // in force now
  std::string budget_origin;
  int64_t base_bytes = 0;
  int64_t slack_bytes = 0;
  int64_t accounted_bytes =
      0;  // lent out and kept for reuse; base + accounted is what RSS should be
  int64_t rss_bytes = 0;
  int64_t rss_anonymous_bytes = 0;
  int64_t rss_peak_bytes = 0;
  int64_t swap_bytes = 0;  // of the process
  std::vector<StageSnapshot> stages;
  int64_t refused_grants = 0;  // requests for memory that the budget could not cover, so far

  // The machine, or the container.
  int64_t limit_bytes = 0;  // the effective limit now
  std::string limit_origin;
  double used_share = 0;        // of what is closest to its limit
  std::string used_of;          // what that is: "anonymous memory of cgroup v2 /a"
  double stall_some_share = 0;  // PSI over 10 s, 0 to 1
  double stall_full_share = 0;
  double swap_pages_per_second = 0;  // in and out, of the machine
  std::string pressure = "normal";   // "normal", "elevated", "high", "critical"

  int64_t spilled_bytes = 0;        // on disk now
  int64_t spilled_total_bytes = 0;  // written over the whole run
  int64_t spill_room_bytes = -1;    // what may still be spilled; -1 = nothing was spilled yet

  std::vector<std::string> alerts = {};  // one line each: the last few that went off
};

// Called from the run's own observing thread, about ten times a second and once at the end; must
// not block.
using SnapshotCallback = std::function<void(const RunSnapshot&)>;

}  // namespace headrace
