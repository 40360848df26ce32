// Levels of memory pressure: when one is entered, when it is left, and why.
//
// Invariants
//  1. One step at a time, up and down: a ramp passes every level once each way.
//  2. Up when the condition of a level held for kRiseSamples samples in a row, so that one odd
//  reading raises nothing.
//  3. Down when nothing held the level for kFallSeconds on end; what holds it is weaker than what
//  raised it.
//  4. Stalls and swapping count only where at least kScarceShare is in use. With less, they are
//  page cache being reclaimed or the trouble of others, and nothing that we give back would help.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "headrace/job.h"
#include "headrace/memory_monitor.h"
#include "headrace/run_report.h"

namespace headrace {

inline constexpr int kPressureLevels = 4;

// A level holds until the share is so far below its mark.
inline constexpr double kMarkHysteresis = 0.03;
inline constexpr int kRiseSamples = 2;
inline constexpr double kFallSeconds = 1.0;
inline constexpr double kScarceShare = 0.5;
// PSI over 10 s: some task waited for memory, or all of them did. Half of it holds the level.
inline constexpr double kSomeStallElevated = 0.10;
inline constexpr double kFullStallHigh = 0.10;
// Pages swapped in and out per second: 1 MiB and 32 MiB of 4 KiB pages. Half of it holds the level.
inline constexpr double kSwapPagesElevated = 256;
inline constexpr double kSwapPagesHigh = 8192;

// InvalidConfig naming what is not one of the four names.
Result<PressureLevel> ParsePressureLevel(std::string_view text);
// InvalidConfig unless 0 < elevated < high < critical <= 1.
Status CheckPressureMarks(const PressureMarks& marks);

struct PressureInputs {
  double seconds = 0;        // when, on a clock that does not go back
  double used_share = 0;     // of what is closest to its limit
  std::string_view used_of;  // what that is; empty = unknown, then stalls and swapping count anyhow
  int64_t used_bytes = 0;    // for the text of the cause
  int64_t limit_bytes = 0;
  double stall_some_share = 0;
  double stall_full_share = 0;
  double swap_pages_per_second = 0;
};

struct PressureTransition {
  double seconds = 0;
  PressureLevel from = PressureLevel::kNormal;
  PressureLevel to = PressureLevel::kNormal;
  std::string cause;
};

// The level that one reading alone speaks for, without history.
PressureLevel ClassifyPressure(const PressureInputs& inputs, const PressureMarks& marks);

// Role: turns readings into a level that does not flap. Pure: time comes in with each reading.
// Owner: one monitor. Threads: one at a time. Limits: marks were checked.
class PressureTracker {
 public:
  explicit PressureTracker(const PressureMarks& marks) : marks_(marks) {}

  // At most one step per call.
  std::optional<PressureTransition> Update(const PressureInputs& inputs);
  // Time went by and nothing new was read.
  void PassTime(double seconds);

  PressureLevel level() const { return level_; }
  // Time between the first and the last call, by the level that was in force.
  PressureSeconds seconds_per_level() const;

 private:
  PressureTransition Move(PressureLevel to, const PressureInputs& inputs);

  const PressureMarks marks_;
  PressureLevel level_ = PressureLevel::kNormal;
  std::optional<double> last_seconds_;
  std::array<int, kPressureLevels> held_samples_ = {};  // in a row that speak for so much or more
  double held_until_ = 0;                               // when something last held the level
  std::array<double, kPressureLevels> seconds_ = {};
};

}  // namespace headrace
