// OldestFirst: what takes much memory waits until everything older is done.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

#include "base/cancellation.h"

namespace headrace {

// Role: an order among morsels, some of which may only be worked on when no older one is under way.
// Owner: a source. Threads: all methods from any thread. The oldest morsel never waits, so as long
// as every morsel Ends there is no circle. Errors: Wait fails when the run is cancelled.
class OldestFirst {
 public:
  // `cancellation` may be null.
  explicit OldestFirst(Cancellation* cancellation);
  ~OldestFirst();
  OldestFirst(const OldestFirst&) = delete;
  OldestFirst& operator=(const OldestFirst&) = delete;

  // A morsel is under way; numbers ascend.
  void Begin(int64_t sequence);
  void End(int64_t sequence);
  // Until every morsel older than `sequence` ended.
  Status Wait(int64_t sequence);

 private:
  Cancellation* cancellation_;
  int64_t waker_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<int64_t> under_way_;
};

}  // namespace headrace
