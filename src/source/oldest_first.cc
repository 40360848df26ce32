#include "source/oldest_first.h"

namespace headrace {

OldestFirst::OldestFirst(Cancellation* cancellation) : cancellation_(cancellation) {
  if (cancellation_ == nullptr) return;
  waker_ = cancellation_->AddWaker([this] {
    // Taking the mutex orders the wake-up after a waiter's check of the flag.
    std::lock_guard lock(mutex_);
    ended_.notify_all();
  });
}

OldestFirst::~OldestFirst() {
  if (cancellation_ != nullptr) cancellation_->RemoveWaker(waker_);
}

void OldestFirst::Begin(int64_t sequence) {
  std::lock_guard lock(mutex_);
  under_way_.insert(sequence);
}

void OldestFirst::End(int64_t sequence) {
  std::lock_guard lock(mutex_);
  under_way_.erase(sequence);
  ended_.notify_all();
}

Status OldestFirst::Wait(int64_t sequence) {
  const auto cancelled = [&] { return cancellation_ != nullptr && cancellation_->cancelled(); };
  {
    std::unique_lock lock(mutex_);
    ended_.wait(
        lock, [&] { return under_way_.empty() || *under_way_.begin() >= sequence || cancelled(); });
  }
  return cancelled() ? cancellation_->Check() : Status::OK();
}

}  // namespace headrace
