// When a run is worth an alert: rules over its snapshots.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "headrace/job.h"
#include "headrace/run_snapshot.h"

namespace headrace {

// "failure", "memory_pressure", ...: what a user may write, in the order of docs/alerts.md.
const std::vector<std::string>& AlertRuleNames();

// What a run checks before it starts. InvalidConfig: rules that are unknown or cannot go off in
// this version, levels, times and targets that make no sense. Texts never hold an address.
Status ValidateAlerts(const std::vector<AlertSpec>& alerts);

struct FiredAlert {
  std::string rule;     // "memory_pressure"
  std::string level;    // "warning" or "critical"
  std::string message;  // one line: what, how much, what to do
  size_t spec = 0;      // of the alerts given to AlertRules
};

struct TimedValue {
  double seconds = 0;
  int64_t value = 0;
};

// Role: decides; keeps what the rules must remember. Pure: time is RunSnapshot.seconds, nothing is
// read or written. Owner: the observer of one run. Threads: one. Errors: none; a snapshot in which
// a number is not known (-1, 0) makes its rule silent. Limits: a few kilobytes, whatever the
// length of the run.
class AlertRules {
 public:
  explicit AlertRules(std::vector<AlertSpec> alerts);

  // The alerts that this snapshot sets off, in the order of the specs.
  std::vector<FiredAlert> Update(const RunSnapshot& snapshot);

 private:
  // A rule of one spec: since when its condition holds, and when it went off.
  struct Watch {
    size_t spec = 0;
    std::string rule;
    double holds_since = -1;  // -1 = it does not hold
    double fired_at = -1;     // -1 = never
    int level_told = 0;       // memory_pressure: of the last alert
    int64_t told = 0;  // budget_refusal, spill_volume, quarantine: the count of the last alert
  };
  // What a rule says of a snapshot; an empty message = its condition does not hold.
  struct Finding {
    std::string message;
    std::string level = "warning";
  };

  void Remember(const RunSnapshot& snapshot);
  Finding Look(const Watch& watch, const RunSnapshot& snapshot) const;
  bool IsDue(const Watch& watch, const RunSnapshot& snapshot) const;
  Finding LookAtPressure(const AlertSpec& spec, const RunSnapshot& snapshot) const;
  Finding LookAtSpillDisk(const RunSnapshot& snapshot) const;
  Finding LookForProgress(const AlertSpec& spec, const RunSnapshot& snapshot) const;
  Finding LookForLeak() const;

  const std::vector<AlertSpec> alerts_;
  std::vector<Watch> watches_;
  // What all specs share of the past.
  std::deque<TimedValue> spilled_;  // one sample a second, the last half minute
  std::deque<TimedValue>
      gaps_;  // RSS less base and accounted: the least of each ten seconds, five minutes
  double gap_bucket_begin_ = -1;
  double progress_at_ = 0;
  int64_t progress_rows_ = -1;
  int64_t progress_bytes_ = -1;
  std::string progress_phase_;
};

}  // namespace headrace
