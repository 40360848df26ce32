// One flag per run that says "stop", with the reason. Workers look at it between batches; waiters
// are woken by it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "base/status.h"

namespace headrace {

// Role: carries the first failure (or the user's interrupt) of a run to every worker.
// Owner: the run. Threads: all methods may be called from any thread. The first Cancel wins; later
// ones are ignored.
class Cancellation {
 public:
  // `reason` must be a failure. Runs the wake-up callbacks once, in the calling thread.
  void Cancel(Status reason);
  bool cancelled() const { return flag_.load(std::memory_order_relaxed); }
  // OK while not cancelled, else the reason.
  Status Check() const;

  // Registers a callback that wakes a waiter. Called at once if already cancelled. Remove before
  // what it uses dies.
  int64_t AddWaker(std::function<void()> wake);
  void RemoveWaker(int64_t id);

 private:
  std::atomic<bool> flag_{false};
  mutable std::mutex mutex_;
  Status reason_;  // written once, before flag_
  std::map<int64_t, std::function<void()>> wakers_;
  int64_t next_id_ = 0;
};

}  // namespace headrace
