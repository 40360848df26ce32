// What a run may use now of what it planned with.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace headrace {

// Role: how the governor's answer reaches the workers of a run: written by the observing thread,
// read by workers and sink at their safe points. Threads: all methods from any thread.
class RunAllowance {
 public:
  explicit RunAllowance(int threads) : threads_(threads), workers_(threads) {}
  // For a run of so many workers; before they start.
  void Begin(int threads) {
    threads_ = threads;
    Set(threads, 1);
  }
  void Set(int workers, double share) {
    workers_.store(workers, std::memory_order_relaxed);
    share_.store(share, std::memory_order_relaxed);
  }
  int workers() const { return workers_.load(std::memory_order_relaxed); }
  double share() const { return share_.load(std::memory_order_relaxed); }
  // Holds worker `index` (from 0; the first never rests) while fewer are wanted, until
  // `stopped()`. Only where the worker holds nothing that others wait for. Looked at now and then
  // rather than woken: resting is rare, and 20 ms are little beside it.
  template <typename Stopped>
  void RestWhileUnwanted(int index, Stopped stopped) const {
    while (index >= workers() && !stopped()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  // Of `planned` bytes: the floor of those who work (`floor_one` for one worker, `floor_all` for
  // all) and the share of what was granted above `floor_all`.
  int64_t Of(int64_t planned, int64_t floor_one, int64_t floor_all) const {
    const int64_t floor =
        threads_ > 1 ? floor_one + (floor_all - floor_one) * (workers() - 1) / (threads_ - 1)
                     : floor_all;
    const int64_t above = std::max<int64_t>(0, planned - floor_all);
    return std::min(planned, floor + static_cast<int64_t>(static_cast<double>(above) * share()));
  }

 private:
  int threads_;
  std::atomic<int> workers_;
  std::atomic<double> share_{1};
};

}  // namespace headrace
