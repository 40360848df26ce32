// OldestFirst: what takes much memory waits until everything older is done.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

#include "base/cancellation.h"

namespace headrace {

// Records and rows from here on are huge: what several workers would hold of them adds up to much
// more than their floors.
inline constexpr int64_t kHugeRecordBytes = int64_t{4} << 20;

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

// Role: a morsel is under way as long as this lives. Owner: whoever works on the morsel; `order`
// outlives it. Threads: one at a time.
class UnderWay {
 public:
  UnderWay() = default;
  UnderWay(OldestFirst* order, int64_t sequence) : order_(order), sequence_(sequence) {
    order_->Begin(sequence_);
  }
  UnderWay(UnderWay&& other) noexcept
      : order_(std::exchange(other.order_, nullptr)), sequence_(other.sequence_) {}
  UnderWay& operator=(UnderWay&& other) noexcept {
    std::swap(order_, other.order_);
    std::swap(sequence_, other.sequence_);
    return *this;
  }
  ~UnderWay() { End(); }

  void End() {
    if (order_ != nullptr) std::exchange(order_, nullptr)->End(sequence_);
  }
  // Until every older morsel ended.
  Status WaitForOlder() const { return order_->Wait(sequence_); }

 private:
  OldestFirst* order_ = nullptr;
  int64_t sequence_ = 0;
};

}  // namespace headrace
