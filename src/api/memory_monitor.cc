#include "headrace/memory_monitor.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/threads.h"
#include "memory/memory_monitor.h"

namespace headrace {
namespace {

constexpr double kIntervalMin = 0.01;
constexpr double kIntervalMax = 60;
constexpr size_t kNewsMax = 64;

Status CheckOptions(const MemoryMonitorOptions& options) {
  ARROW_RETURN_NOT_OK(CheckPressureMarks(options.marks));
  ARROW_RETURN_NOT_OK(CheckStreamingThresholds(options.thresholds));
  if (!(options.interval_seconds >= kIntervalMin && options.interval_seconds <= kIntervalMax)) {
    return MakeError(ErrorKind::kInvalidConfig, 732,
                     "memory monitor: an interval of {:g} s; choose {:g} to {:g} s",
                     options.interval_seconds, kIntervalMin, kIntervalMax);
  }
  return Status::OK();
}

}  // namespace

// Role: the two threads of a monitor, one that samples and one that calls back, so that what a
// callback does never delays a sample. Owner: MemoryMonitor; the destructor stops both. Threads:
// the core belongs to the sampling thread, everything else is guarded by mutex_.
class MemoryMonitor::Worker {
 public:
  explicit Worker(MemoryMonitorOptions options)
      : options_(std::move(options)), core_({options_.marks, options_.thresholds, ""}) {}

  ~Worker() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Status Start() {
    Look();
    const bool started =
        (!options_.on_pressure || StartThread(&threads_, [this] { CallBack(); })) &&
        StartThread(&threads_, [this] { SampleOnAndOn(); });
    if (started) return Status::OK();
    return MakeError(ErrorKind::kOutOfMemory, 733,
                     "memory monitor: the system gives no thread; raise the limit of processes "
                     "(ulimit -u) or of the container's pids");
  }

  PressureLevel level() const {
    std::lock_guard lock(mutex_);
    return readings_.level;
  }

  MemoryMonitorReadings readings() const {
    std::lock_guard lock(mutex_);
    return readings_;
  }

 private:
  struct News {
    PressureLevel level = PressureLevel::kNormal;
    std::string cause;
  };

  void SampleOnAndOn() {
    // Due times, not pauses: what a sample takes does not stretch the interval.
    auto due = std::chrono::steady_clock::now();
    const auto interval = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(options_.interval_seconds));
    while (true) {
      // After a suspended machine or a starved thread there is nothing to catch up with.
      due = std::max(due + interval, std::chrono::steady_clock::now());
      {
        std::unique_lock lock(mutex_);
        if (wake_.wait_until(lock, due, [&] { return stopping_; })) return;
      }
      Look();
    }
  }

  void Look() {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const MonitorSample& sample = core_.Sample({.seconds = seconds});
    {
      std::lock_guard lock(mutex_);
      Publish(sample);
      if (!core_.last_transition() || !options_.on_pressure) return;
      if (news_.size() == kNewsMax) news_.pop_front();
      news_.push_back({core_.last_transition()->to, core_.last_transition()->cause});
    }
    wake_.notify_all();
  }

  void Publish(const MonitorSample& sample) {  // called with mutex_ held
    const MemoryReadings& read = core_.readings();
    readings_.seconds = sample.account.seconds;
    readings_.level = sample.level;
    readings_.rss_bytes = read.process.rss_bytes;
    readings_.rss_anonymous_bytes = read.process.rss_anonymous_bytes;
    readings_.rss_peak_bytes = read.process.rss_peak_bytes;
    readings_.swap_bytes = read.process.swap_bytes;
    readings_.limit_bytes = read.limit.bytes;
    readings_.limit_origin = read.limit.origin;
    readings_.used_share = sample.used_share;
    readings_.used_of = sample.used_of;
    readings_.used_bytes = sample.used_bytes;
    readings_.stall_some_share = read.stall_some_share;
    readings_.stall_full_share = read.stall_full_share;
    readings_.swap_pages_per_second = sample.swap_pages_per_second;
  }

  void CallBack() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stopping_ || !news_.empty(); });
      if (stopping_) return;
      const News news = std::move(news_.front());
      news_.pop_front();
      lock.unlock();
      try {
        options_.on_pressure(news.level, news.cause);
      } catch (...) {
        // The host's own trouble; there is nobody here to tell it to, and the next change matters.
      }
      lock.lock();
    }
  }

  const MemoryMonitorOptions options_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  MonitorCore core_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<News> news_;
  MemoryMonitorReadings readings_;
  std::vector<std::thread> threads_;
};

MemoryMonitor::MemoryMonitor(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
MemoryMonitor::~MemoryMonitor() = default;

Result<std::unique_ptr<MemoryMonitor>> MemoryMonitor::Start(MemoryMonitorOptions options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  auto worker = std::make_unique<Worker>(std::move(options));
  ARROW_RETURN_NOT_OK(worker->Start());
  return std::unique_ptr<MemoryMonitor>(new MemoryMonitor(std::move(worker)));
}

PressureLevel MemoryMonitor::level() const { return worker_->level(); }
MemoryMonitorReadings MemoryMonitor::readings() const { return worker_->readings(); }

int64_t GetDynamicStreamingThreshold() { return CurrentStreamingThreshold(); }

}  // namespace headrace
