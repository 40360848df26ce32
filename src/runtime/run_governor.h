// RunGovernor: carries the governor's decisions to one run, and remembers them for the report.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "headrace/run_report.h"
#include "memory/governor.h"
#include "memory/memory_monitor.h"
#include "memory/run_allowance.h"
#include "memory/stage_pool.h"
#include "runtime/resources.h"

namespace headrace {

struct RunGovernorOptions {
  RunMemory* memory = nullptr;
  Cancellation* cancellation = nullptr;
  PressureMarks marks;                                 // checked
  StreamingThresholds thresholds;                      // checked
  const std::atomic<int64_t>* budget_bytes = nullptr;  // the caller's wish; null or 0 = as planned
};

// Role: samples memory and, from Begin to End, acts on it. Owner: the run, which is observed by one
// thread that calls Look; Begin, End and the rest come from the run's own thread.
// How a lowering is obeyed: shares and workers shrink at once, at the workers' next safe point;
// what the budget lends follows what is given back, and after kGraceSeconds it is the new number,
// whoever holds more: a grow is then refused, and the run ends with that. Pressure alone never
// refuses a grow.
class RunGovernor {
 public:
  static constexpr double kGraceSeconds = 5;
  static constexpr size_t kActionsMax = 256;

  explicit RunGovernor(RunGovernorOptions options);

  // The run is admitted: these needs, the pools of the same stages, so many workers.
  void Begin(std::vector<StageNeeds> needs, std::vector<StagePool*> pools, int threads);
  void End();
  // What workers look at; valid from Begin on.
  const RunAllowance* allowance() const { return &allowance_; }

  // One sample and its consequences.
  void Look(double seconds, int64_t spilled_bytes);
  // The level that one reading made now speaks for, at least the one in force.
  PressureLevel LevelByReading(double seconds);

  PressureLevel level() const { return level_.load(std::memory_order_relaxed); }
  int64_t budget_now() const;
  void FillReport(double seconds, MemoryReport* report);
  void FillSnapshot(RunSnapshot* snapshot) const;

 private:
  GovernorSnapshot MakeSnapshot() const;
  void Apply(double seconds, const GovernorActions& actions);
  void Sample(double seconds, int64_t spilled_bytes);
  void ReturnPages(double seconds, const std::string& cause);
  void FollowFloors(int workers);
  void LowerLending(double seconds, const GovernorActions& actions);
  void Note(double seconds, const char* what, const std::string& cause, int64_t bytes, bool holds);

  const RunGovernorOptions options_;
  std::atomic<PressureLevel> level_{PressureLevel::kNormal};
  RunAllowance allowance_{1};

  mutable std::mutex mutex_;  // guards all below
  MonitorCore monitor_;
  GovernorMemory memory_;
  bool governing_ = false;
  int threads_ = 1;
  std::vector<StageNeeds> needs_;
  std::vector<StagePool*> pools_;
  int64_t hard_bytes_ = 0;   // by budget and limit, as last seen lowered
  double lowered_at_ = -1;   // when lending was lowered; below 0 = it is not
  double returned_at_ = -1;  // when cached pages last went back
  std::vector<MemoryAction> actions_;
};

}  // namespace headrace
