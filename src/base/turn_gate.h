// Lets workers pass a point in the order of sequence numbers.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/cancellation.h"

namespace headrace {

// Role: an ordered point inside otherwise parallel work. Sequence numbers are consecutive from
// `first`. Every number Enters as often as it has work and Leaves exactly once, or skips with Leave
// alone; the lowest one never waits, so the gate cannot deadlock as long as numbers are handed out
// in order and each is worked on by one running thread. Threads: all methods from any thread.
// Between Enter and Leave the caller alone is inside.
class TurnGate {
 public:
  explicit TurnGate(Cancellation* cancellation, int64_t first = 0);
  ~TurnGate();
  TurnGate(const TurnGate&) = delete;
  TurnGate& operator=(const TurnGate&) = delete;

  // Waits for the turn of `sequence`; returns at once when it has come already. Fails when the run
  // is cancelled.
  Status Enter(int64_t sequence);
  // Ends the turn of `sequence`, waiting for it first if it was never entered.
  Status Leave(int64_t sequence);
  int64_t current() const;

 private:
  Cancellation* cancellation_;
  int64_t waker_;
  mutable std::mutex mutex_;
  std::condition_variable turn_changed_;
  int64_t current_;
};

}  // namespace headrace
