// What is known of memory while a run lasts: the last reading, the level of pressure, and what the
// report and the snapshots tell of both. No thread in here; whoever observes the run calls Sample.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/memory_probe.h"
#include "headrace/run_report.h"
#include "headrace/run_snapshot.h"
#include "memory/pressure.h"
#include "memory/streaming_threshold.h"

namespace headrace {

// What MonitorCore cannot read by itself.
struct AccountReading {
  double seconds = 0;              // since the run began
  int64_t expected_rss_bytes = 0;  // base + accounted
  int64_t accounted_bytes = 0;
  int64_t budget_bytes = 0;
  int64_t spilled_bytes = 0;
};

struct MonitorSample {
  AccountReading account;
  PressureLevel level = PressureLevel::kNormal;
  double swap_pages_per_second = 0;  // over the last full reading's second
  // Of what is closest to its limit; zeros and "" when nothing is known.
  std::string used_of;
  double used_share = 0;
  int64_t used_bytes = 0;
  int64_t used_limit_bytes = 0;
};

// Role: the memory curve of a run at decreasing resolution. When kSamplesMax samples are kept,
// every second one goes and the interval doubles. Threads: one at a time.
class MemoryHistory {
 public:
  static constexpr size_t kSamplesMax = 512;

  MemoryHistory() { samples_.reserve(kSamplesMax); }
  // Keeps one of so many calls.
  void Add(const MonitorSample& sample, int64_t rss_bytes);
  const std::vector<MemorySample>& samples() const { return samples_; }

 private:
  std::vector<MemorySample> samples_;
  int64_t looks_ = 0;
  int64_t looks_per_sample_ = 1;
};

// Role: percentiles of RSS less what the account says, from counts per 64 KiB step. A percentile is
// the upper end of its step, so at most one step too high; the largest is exact. Limits: 64 KiB of
// counts whatever the run's length; what is below -256 MiB counts as that, what is above 768 MiB
// has the largest for its percentile. Threads: one at a time.
class DriftHistogram {
 public:
  static constexpr int64_t kStepBytes = 64 * 1024;
  static constexpr int64_t kLowestBytes = -256LL * 1024 * 1024;
  static constexpr int64_t kHighestBytes = 768LL * 1024 * 1024;

  DriftHistogram();
  void Add(int64_t drift_bytes);
  MemoryDrift Summary() const;  // zeros without samples

 private:
  int64_t Percentile(double share) const;

  std::vector<uint32_t> counts_;  // step i ends at kLowestBytes + i * kStepBytes
  int64_t count_ = 0;
  int64_t max_bytes_ = 0;
};

struct MonitorOptions {
  PressureMarks marks;  // checked
  StreamingThresholds thresholds;
  std::string root;  // of /proc and cgroup files; tests replace it
};

// Role: combines probe, tracker, history and drift. From its first sample until it dies it is what
// CurrentStreamingThreshold answers by, unless another one was made later. Owner: an observer of a
// run, or the public MemoryMonitor. Threads: one at a time. Cost: one cheap reading per sample and
// a full one per second. Limits: kSamplesMax samples, kEventsMax events, about 150 KiB.
class MonitorCore {
 public:
  static constexpr double kFullReadingSeconds = 1.0;
  // Later changes of the level count in the seconds per level and are not listed.
  static constexpr size_t kEventsMax = 512;

  explicit MonitorCore(MonitorOptions options);
  ~MonitorCore();
  MonitorCore(const MonitorCore&) = delete;
  MonitorCore& operator=(const MonitorCore&) = delete;

  // Valid until the next call. At most one change of the level per call.
  const MonitorSample& Sample(const AccountReading& account);

  const MonitorSample& last_sample() const { return sample_; }
  // The change that the last sample made, if any.
  const std::optional<PressureTransition>& last_transition() const { return transition_; }
  const MemoryReadings& readings() const { return *readings_; }
  PressureLevel level() const { return tracker_.level(); }
  // Of the level in force; "" while it never changed.
  const std::string& cause() const { return cause_; }

  // The monitor's part: peaks, the limit at the first sample, seconds per level, drift, events and
  // samples. Reads the process once more, so that the peaks are those of this moment.
  void FillReport(MemoryReport* report);
  // Everything of RunSnapshot that the last sample knows.
  void FillSnapshot(RunSnapshot* snapshot) const;

 private:
  struct Published;
  friend int64_t CurrentStreamingThreshold();

  void UpdateSwapRate(double seconds);
  void UpdatePeaks();
  void Track();

  const MonitorOptions options_;
  MemoryProbe probe_;
  const MemoryReadings* readings_;
  PressureTracker tracker_;
  MonitorSample sample_;
  std::optional<PressureTransition> transition_;
  std::string cause_;
  MemoryHistory history_;
  DriftHistogram drift_;
  std::vector<PressureEvent> events_;
  std::optional<double> full_reading_seconds_;  // when the last one was
  int64_t swap_pages_ = 0;                      // then
  int64_t use_readings_ = 0;                    // those that the tracker has seen
  int64_t rss_peak_bytes_ = 0;
  int64_t swap_peak_bytes_ = 0;
  int64_t cgroup_peak_bytes_ = 0;
  int64_t limit_bytes_ = 0;  // at the first sample
  std::string limit_origin_;
  const std::shared_ptr<Published> published_;
};

// What one reading says, for a tracker or for ClassifyPressure. Views into `readings`.
PressureInputs PressureInputsOf(const MemoryReadings& readings, double seconds,
                                double swap_pages_per_second);

// DynamicStreamingThreshold of this process now: by level and thresholds of the MonitorCore that
// was made last and has sampled; without one, by one reading made now, the default marks and the
// default thresholds. From any thread.
int64_t CurrentStreamingThreshold();

}  // namespace headrace
