#include "base/turn_gate.h"

namespace headrace {

TurnGate::TurnGate(Cancellation* cancellation, int64_t first)
    : cancellation_(cancellation), current_(first) {
  waker_ = cancellation_->AddWaker([this] {
    // Taking the mutex orders the wake-up after a waiter's check of the flag.
    std::lock_guard lock(mutex_);
    turn_changed_.notify_all();
  });
}

TurnGate::~TurnGate() { cancellation_->RemoveWaker(waker_); }

Status TurnGate::Enter(int64_t sequence) {
  {
    std::unique_lock lock(mutex_);
    HEADRACE_CHECK(sequence >= current_);
    turn_changed_.wait(lock, [&] { return current_ == sequence || cancellation_->cancelled(); });
  }
  return cancellation_->Check();
}

Status TurnGate::Leave(int64_t sequence) {
  ARROW_RETURN_NOT_OK(Enter(sequence));
  std::lock_guard lock(mutex_);
  ++current_;
  turn_changed_.notify_all();
  return Status::OK();
}

int64_t TurnGate::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

}  // namespace headrace
