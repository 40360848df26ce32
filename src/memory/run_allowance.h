// What a run may use now of what it planned with.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace headrace {

// Role: how the governor's answer reaches the workers of a run: written by the observing thread,
// read by workers and sink at their safe points. Threads: all methods from any thread.
class RunAllowance {
 public:
  explicit RunAllowance(int threads) : workers_(threads) {}
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
  // Of `planned` bytes, of which `floor` are guaranteed.
  int64_t Of(int64_t planned, int64_t floor) const {
    if (planned <= floor) return planned;
    return floor + static_cast<int64_t>(static_cast<double>(planned - floor) * share());
  }

 private:
  std::atomic<int> workers_;
  std::atomic<double> share_{1};
};

}  // namespace headrace
