#include "memory/memory_monitor.h"

#include <algorithm>
#include <cmath>
#include <mutex>

namespace headrace {

// What other threads may ask of a monitor.
struct MonitorCore::Published {
  explicit Published(const StreamingThresholds& row_thresholds) : thresholds(row_thresholds) {}
  const StreamingThresholds thresholds;
  std::atomic<PressureLevel> level{PressureLevel::kNormal};
  std::atomic<bool> has_sampled{false};
};

namespace {

// Oldest first. Never destroyed: a monitor may outlive static objects.
template <typename Published>
struct Registry {
  std::mutex mutex;
  std::vector<std::shared_ptr<Published>> entries;

  static Registry& Get() {
    static Registry* const registry = new Registry;
    return *registry;
  }
};

}  // namespace

void MemoryHistory::Add(const MonitorSample& sample, int64_t rss_bytes) {
  if (looks_++ % looks_per_sample_ != 0) return;
  if (samples_.size() == kSamplesMax) {
    for (size_t at = 0; at < kSamplesMax / 2; ++at) samples_[at] = std::move(samples_[at * 2]);
    samples_.resize(kSamplesMax / 2);
    looks_per_sample_ *= 2;
  }
  samples_.push_back({sample.account.seconds, sample.account.accounted_bytes, rss_bytes,
                      sample.account.budget_bytes, sample.account.spilled_bytes, sample.used_share,
                      std::string(PressureLevelName(sample.level))});
}

DriftHistogram::DriftHistogram()
    : counts_(static_cast<size_t>((kHighestBytes - kLowestBytes) / kStepBytes) + 2) {}

void DriftHistogram::Add(int64_t drift_bytes) {
  max_bytes_ = count_ == 0 ? drift_bytes : std::max(max_bytes_, drift_bytes);
  const int64_t above = std::max(int64_t{0}, drift_bytes - kLowestBytes);
  const auto step = static_cast<size_t>((above + kStepBytes - 1) / kStepBytes);
  ++counts_[std::min(step, counts_.size() - 1)];
  ++count_;
}

MemoryDrift DriftHistogram::Summary() const {
  if (count_ == 0) return {};
  return {Percentile(0.5), Percentile(0.99), max_bytes_};
}

// Nearest rank: the smallest step that so large a share of the samples does not pass.
int64_t DriftHistogram::Percentile(double share) const {
  const auto rank = static_cast<int64_t>(std::ceil(share * static_cast<double>(count_)));
  int64_t seen = 0;
  for (size_t step = 0; step + 1 < counts_.size(); ++step) {
    seen += counts_[step];
    if (seen >= rank) {
      return std::min(max_bytes_, kLowestBytes + static_cast<int64_t>(step) * kStepBytes);
    }
  }
  return max_bytes_;
}

MonitorCore::MonitorCore(MonitorOptions options)
    : options_(std::move(options)),
      probe_(MemoryProbe::Make(options_.root)),
      readings_(&probe_.readings()),
      tracker_(options_.marks),
      published_(std::make_shared<Published>(options_.thresholds)) {
  auto& registry = Registry<Published>::Get();
  std::lock_guard lock(registry.mutex);
  registry.entries.push_back(published_);
}

MonitorCore::~MonitorCore() {
  auto& registry = Registry<Published>::Get();
  std::lock_guard lock(registry.mutex);
  std::erase(registry.entries, published_);
}

const MonitorSample& MonitorCore::Sample(const AccountReading& account) {
  const bool is_first = !full_reading_seconds_;
  // A tenth of a sample early rather than one late: timers are not exact.
  const bool is_full =
      is_first || account.seconds - *full_reading_seconds_ >= kFullReadingSeconds - 0.01;
  readings_ = &probe_.Read(is_full ? MemoryProbe::Depth::kFull : MemoryProbe::Depth::kCheap);
  if (is_full) UpdateSwapRate(account.seconds);
  if (is_first) {
    limit_bytes_ = readings_->limit.bytes;
    limit_origin_ = readings_->limit.origin;
  }
  sample_.account = account;
  UpdatePeaks();
  Track();
  history_.Add(sample_, readings_->process.rss_bytes);
  drift_.Add(readings_->process.rss_bytes - account.expected_rss_bytes);
  return sample_;
}

void MonitorCore::UpdateSwapRate(double seconds) {
  const double elapsed = full_reading_seconds_ ? seconds - *full_reading_seconds_ : 0;
  sample_.swap_pages_per_second =
      elapsed > 0
          ? std::max(0.0, static_cast<double>(readings_->swap_pages - swap_pages_) / elapsed)
          : 0;
  swap_pages_ = readings_->swap_pages;
  full_reading_seconds_ = seconds;
}

void MonitorCore::UpdatePeaks() {
  rss_peak_bytes_ = std::max(rss_peak_bytes_, readings_->process.rss_peak_bytes);
  swap_peak_bytes_ = std::max(swap_peak_bytes_, readings_->process.swap_bytes);
  if (readings_->closest_cgroup) {
    cgroup_peak_bytes_ =
        std::max(cgroup_peak_bytes_, readings_->uses[*readings_->closest_cgroup].used_bytes);
  }
}

void MonitorCore::Track() {
  const PressureInputs inputs =
      PressureInputsOf(*readings_, sample_.account.seconds, sample_.swap_pages_per_second);
  sample_.used_of = inputs.used_of;
  sample_.used_share = inputs.used_share;
  sample_.used_bytes = inputs.used_bytes;
  sample_.used_limit_bytes = inputs.limit_bytes;
  // Only a new look at the use counts as a reading: the same figures twice confirm nothing.
  transition_.reset();
  if (readings_->use_readings != use_readings_) {
    transition_ = tracker_.Update(inputs);
    use_readings_ = readings_->use_readings;
  } else {
    tracker_.PassTime(inputs.seconds);
  }
  sample_.level = tracker_.level();
  if (transition_) {
    cause_ = transition_->cause;
    if (events_.size() < kEventsMax) {
      events_.push_back({transition_->seconds, std::string(PressureLevelName(transition_->from)),
                         std::string(PressureLevelName(transition_->to)), transition_->cause});
    }
  }
  published_->level.store(sample_.level, std::memory_order_relaxed);
  published_->has_sampled.store(true, std::memory_order_release);
}

void MonitorCore::FillReport(MemoryReport* report) {
  if (const auto process = ReadProcessMemory(options_.root); process.ok()) {
    rss_peak_bytes_ = std::max(rss_peak_bytes_, process->rss_peak_bytes);
    swap_peak_bytes_ = std::max(swap_peak_bytes_, process->swap_bytes);
  }
  report->rss_peak_bytes = rss_peak_bytes_;
  report->swap_peak_bytes = swap_peak_bytes_;
  report->cgroup_peak_bytes = cgroup_peak_bytes_;
  report->limit_bytes = limit_bytes_;
  report->limit_origin = limit_origin_;
  report->pressure_seconds = tracker_.seconds_per_level();
  report->drift = drift_.Summary();
  report->pressure_events = events_;
  report->samples = history_.samples();
}

void MonitorCore::FillSnapshot(RunSnapshot* snapshot) const {
  snapshot->rss_bytes = readings_->process.rss_bytes;
  snapshot->rss_anonymous_bytes = readings_->process.rss_anonymous_bytes;
  snapshot->rss_peak_bytes = rss_peak_bytes_;
  snapshot->swap_bytes = readings_->process.swap_bytes;
  snapshot->limit_bytes = readings_->limit.bytes;
  snapshot->limit_origin = readings_->limit.origin;
  snapshot->used_share = sample_.used_share;
  snapshot->used_of = sample_.used_of;
  snapshot->stall_some_share = readings_->stall_some_share;
  snapshot->stall_full_share = readings_->stall_full_share;
  snapshot->swap_pages_per_second = sample_.swap_pages_per_second;
  snapshot->pressure = PressureLevelName(sample_.level);
}

PressureInputs PressureInputsOf(const MemoryReadings& readings, double seconds,
                                double swap_pages_per_second) {
  PressureInputs inputs;
  inputs.seconds = seconds;
  if (readings.closest) {
    const MemoryUse& use = readings.uses[*readings.closest];
    inputs.used_share = use.share;
    inputs.used_of = use.name;
    inputs.used_bytes = use.used_bytes;
    inputs.limit_bytes = use.limit_bytes;
  }
  inputs.stall_some_share = readings.stall_some_share;
  inputs.stall_full_share = readings.stall_full_share;
  inputs.swap_pages_per_second = swap_pages_per_second;
  return inputs;
}

int64_t CurrentStreamingThreshold() {
  {
    auto& registry = Registry<MonitorCore::Published>::Get();
    std::lock_guard lock(registry.mutex);
    for (auto entry = registry.entries.rbegin(); entry != registry.entries.rend(); ++entry) {
      if (!(*entry)->has_sampled.load(std::memory_order_acquire)) continue;
      return DynamicStreamingThreshold((*entry)->level.load(std::memory_order_relaxed),
                                       (*entry)->thresholds);
    }
  }
  MemoryProbe probe = MemoryProbe::Make();
  const MemoryReadings& readings = probe.Read(MemoryProbe::Depth::kFull);
  return DynamicStreamingThreshold(
      ClassifyPressure(PressureInputsOf(readings, 0, 0), PressureMarks{}), StreamingThresholds{});
}

}  // namespace headrace
