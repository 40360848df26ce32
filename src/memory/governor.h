// The governor: how much of what a run planned with it may use now. Policy without threads; whoever
// observes the run asks it and carries its answer to the run's safe points.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/needs.h"
#include "memory/pressure.h"

namespace headrace {

// Everything that a decision depends on.
struct GovernorSnapshot {
  PressureLevel level = PressureLevel::kNormal;
  std::string cause;  // of the level

  int64_t budget_bytes = 0;  // of the whole process, as the user has it now
  int64_t base_bytes = 0;    // these two come off it
  int64_t slack_bytes = 0;
  int64_t limit_bytes = 0;          // the effective limit now; 0 = unknown
  int64_t pressed_limit_bytes = 0;  // of what is closest to its limit; 0 = unknown
  int64_t used_bytes = 0;           // of that, by everybody (page cache aside)
  int64_t own_bytes = 0;            // of them, this process
  double high_share = 0.85;         // the marks of pressure
  double elevated_share = 0.75;

  int threads = 1;  // workers of the run
  std::vector<StageNeeds> needs;
  int64_t planned_bytes = 0;  // lendable bytes that the grants were made from
};

struct GovernorActions {
  // What the process may take: at most the budget, at least what one worker's floors need.
  int64_t allowed_bytes = 0;
  int64_t lendable_bytes = 0;  // the same without base and slack
  int64_t hard_bytes = 0;      // lendable by budget and limit alone, which must not be passed
  std::string hard_cause;      // why that is less than planned; "" when it is not
  int workers = 1;             // that may begin another morsel
  double share = 1;            // of what stages were granted above their floors
  bool return_cached = false;  // pages kept for reuse go back to the kernel
  bool refuse_new_work = false;
  bool below_floor = false;  // not even one worker's floors fit: the run has to end
  std::string cause;         // why it is less than everything; "" when it is everything

  bool is_full() const { return cause.empty(); }
};

// Pure. In this order: cached pages, then smaller shares (row groups are cut earlier, held rows are
// spilled), then fewer workers, then refusing new work, then the typed failure of this run.
//   normal, elevated: the budget, or the limit where that is lower; from elevated on nothing is
//   kept
//     for reuse.
//   high: at most what brings the limit's use down to the high mark, by this process alone.
//   critical: the same with the elevated mark, and no new run begins.
// Floors of one worker are never taken away by pressure, only by a limit or a budget below them.
GovernorActions Decide(const GovernorSnapshot& snapshot);

// How a new decision follows the one in force: less at once; more only after `hold_seconds` without
// a wish for less, so that the use does not swing. Pure but for its memory of the last change.
class GovernorMemory {
 public:
  explicit GovernorMemory(double hold_seconds = 3) : hold_seconds_(hold_seconds) {}
  GovernorActions Follow(double seconds, const GovernorActions& decided);

 private:
  const double hold_seconds_;
  bool started_ = false;
  double lowered_at_ = 0;
  GovernorActions in_force_;
};

}  // namespace headrace
