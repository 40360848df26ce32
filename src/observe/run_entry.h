// What one run leaves in the registry, as the text of a file, and runs as JSON for web pages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "headrace/monitor.h"
#include "observe/kill_evidence.h"

namespace headrace {

struct RunEntry {
  RunSnapshot snapshot;
  std::vector<RunPoint> curve;
  double written_at = 0;                    // seconds since 1970
  KillCounters counters;                    // when the run began
  std::vector<std::string> diagnosis = {};  // of a run that died, once somebody looked
};

// Bounds of a file: what is longer is cut when it is written, and refused when it is read.
inline constexpr size_t kEntryTextMax = 4096;  // of one text
inline constexpr size_t kEntryItemMax = 512;   // of one text in a list
inline constexpr size_t kEntryStagesMax = 64;
inline constexpr size_t kEntryAlertsMax = 8;
inline constexpr size_t kCurvePointsMax = 120;
inline constexpr int64_t kEntryBytesMax = 1 << 20;

std::string FormatRunEntry(RunEntry entry);
// BadInput when the text is cut short or something else. Missing keys keep their defaults.
Result<RunEntry> ParseRunEntry(std::string_view text);

// Appends a point of `snapshot`; when the curve is full its oldest point goes.
void AppendPoint(const RunSnapshot& snapshot, std::vector<RunPoint>* curve);

// {"runs": [...]}: every key of RunSnapshot, and state, written_at, rates, diagnosis and curve,
// whose points are [seconds, budget, accounted, resident]. The same text as long as no run writes.
std::string RunsToJson(const std::vector<RegisteredRun>& runs);

std::string_view RunStateName(RunState state);

}  // namespace headrace
