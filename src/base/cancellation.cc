#include "base/cancellation.h"

namespace headrace {

void Cancellation::Cancel(Status reason) {
  std::lock_guard lock(mutex_);
  if (flag_.load(std::memory_order_relaxed)) return;
  reason_ = std::move(reason);
  flag_.store(true, std::memory_order_release);
  for (auto& [id, wake] : wakers_) wake();
}

Status Cancellation::Check() const {
  // Without the mutex: the reason never changes behind the flag, and a waiter may call this while
  // it holds the mutex that a waker takes.
  return flag_.load(std::memory_order_acquire) ? reason_ : Status::OK();
}

int64_t Cancellation::AddWaker(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  if (flag_.load(std::memory_order_relaxed)) wake();
  wakers_.emplace(next_id_, std::move(wake));
  return next_id_++;
}

void Cancellation::RemoveWaker(int64_t id) {
  std::lock_guard lock(mutex_);
  wakers_.erase(id);
}

}  // namespace headrace
