#include "runtime/observer.h"

#include <csignal>

#include "base/threads.h"
#include "base/units.h"
#include "env/process.h"

namespace headrace {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
// Distance of RSS from the budget at which cached pages go back.
constexpr int64_t kNearBudgetBytes = 4 * kMiB;

}  // namespace

Observer::Observer(ObserverOptions options)
    : options_(std::move(options)), start_(std::chrono::steady_clock::now()) {
  StartThread(&threads_, [this] { Loop(); });
}

Observer::~Observer() { Stop(); }

std::vector<MemorySample> Observer::Stop() {
  if (watching()) {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    threads_.front().join();
    threads_.clear();
  }
  return samples_;
}

double Observer::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Observer::Loop() {
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = wake_.wait_for(lock, kInterval, [&] { return stopping_; });
    }
    Look();
  }
}

void Observer::Look() {
  const int64_t rss = ReadRssBytes();
  const MemoryBudget& budget = *options_.memory->budget();
  if (rss > budget.settings().total_bytes - kNearBudgetBytes) options_.memory->ReturnUnused();

  if (looks_++ % looks_per_sample_ == 0) {
    if (samples_.size() == kSamplesMax) {
      for (size_t at = 0; at < kSamplesMax / 2; ++at) samples_[at] = samples_[at * 2];
      samples_.resize(kSamplesMax / 2);
      looks_per_sample_ *= 2;
    }
    samples_.push_back({seconds(), options_.memory->AccountedBytes(), rss});
  }

  if (options_.stop_signal != nullptr && *options_.stop_signal != 0) {
    const int signal = *options_.stop_signal;
    options_.cancellation->Cancel(MakeError(
        ErrorKind::kCancelled, signal == SIGTERM ? kTerminatedCode : kInterruptedCode,
        "stopped by {}; nothing was published", signal == SIGTERM ? "SIGTERM" : "SIGINT"));
  }
  if (options_.on_progress && options_.snapshot) {
    Progress progress = options_.snapshot();
    progress.accounted_bytes = options_.memory->AccountedBytes();
    progress.budget_bytes = budget.settings().total_bytes;
    progress.seconds = seconds();
    options_.on_progress(progress);
  }
}

}  // namespace headrace
