// MemoryMonitor: for programs that want to know how tight memory is while they run, with or without
// runs of headrace inside. Levels, marks and costs: docs/memory.md.
#pragma once

#include <arrow/result.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "headrace/job.h"

namespace headrace {

// How near memory is to its limit, the machine's or the container's. Page cache never counts.
enum class PressureLevel : uint8_t { kNormal, kElevated, kHigh, kCritical };

// "normal", "elevated", "high", "critical".
std::string_view PressureLevelName(PressureLevel level);

struct MemoryMonitorOptions {
  double interval_seconds = 0.1;  // between two samples, 0.01 to 60
  PressureMarks marks;
  StreamingThresholds thresholds;
  // Called at each change of the level with the new one and its cause, in order, from a thread that
  // does nothing else: a slow callback delays later calls and never a sample. When more than 64
  // wait, the oldest are dropped. What it throws is swallowed. Must not destroy the monitor.
  std::function<void(PressureLevel level, const std::string& cause)> on_pressure;
};

struct MemoryMonitorReadings {
  double seconds = 0;  // since the monitor started
  PressureLevel level = PressureLevel::kNormal;
  int64_t rss_bytes = 0;  // of this process
  int64_t rss_anonymous_bytes = 0;
  int64_t rss_peak_bytes = 0;
  int64_t swap_bytes = 0;
  int64_t limit_bytes = 0;   // the effective limit now, 0 = unknown
  std::string limit_origin;  // "RAM", "cgroup v2 /a memory.max"
  double used_share = 0;     // of what is closest to its limit
  std::string used_of;       // what that is: "anonymous memory of cgroup v2 /a"
  int64_t used_bytes = 0;
  double stall_some_share = 0;  // PSI over 10 s, 0 to 1
  double stall_full_share = 0;
  double swap_pages_per_second = 0;  // in and out, of the machine
};

// Role: samples memory and holds the level of pressure, from a thread of its own, until it is
// destroyed. Owner: the host program; any number at a time. Threads: all methods from any thread;
// the destructor waits for a callback that is under way, and those that wait are not called any
// more. Cost: below 0.1 % of a core at the default interval.
class MemoryMonitor {
 public:
  // Takes a first sample before it returns. InvalidConfig when marks, thresholds or the interval
  // make no sense; OutOfMemory when the system gives no thread.
  static arrow::Result<std::unique_ptr<MemoryMonitor>> Start(MemoryMonitorOptions options = {});
  ~MemoryMonitor();
  MemoryMonitor(const MemoryMonitor&) = delete;
  MemoryMonitor& operator=(const MemoryMonitor&) = delete;

  PressureLevel level() const;
  MemoryMonitorReadings readings() const;  // of the last sample

 private:
  class Worker;
  explicit MemoryMonitor(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

// Rows up to which work is done directly; above, it should stream. By the level and thresholds of
// what watches this process: the monitor or run that started last, or, when there is none, one
// reading made now and the default marks and thresholds.
int64_t GetDynamicStreamingThreshold();

}  // namespace headrace
