#include "sink/encode_slots.h"

namespace headrace {

EncodeSlots::EncodeSlots(int count, Cancellation* cancellation)
    : cancellation_(cancellation), free_(count) {
  waker_ = cancellation_->AddWaker([this] {
    // Taking the mutex orders the wake-up after a waiter's check of the flag.
    std::lock_guard lock(mutex_);
    released_.notify_all();
  });
}

EncodeSlots::~EncodeSlots() { cancellation_->RemoveWaker(waker_); }

bool EncodeSlots::TryTake() {
  std::lock_guard lock(mutex_);
  if (free_ == 0) return false;
  --free_;
  return true;
}

Status EncodeSlots::Take() {
  {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [&] { return free_ > 0 || cancellation_->cancelled(); });
    if (!cancellation_->cancelled()) --free_;
  }
  return cancellation_->Check();
}

void EncodeSlots::Release() {
  std::lock_guard lock(mutex_);
  ++free_;
  released_.notify_one();
}

Status EncoderPool::Encode(BatchVector batches, const UseChunk& use) {
  std::unique_ptr<ChunkEncoder> encoder;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      encoder = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (encoder == nullptr) {
    ARROW_ASSIGN_OR_RAISE(encoder, form_->MakeEncoder(pool_));
  }
  ARROW_RETURN_NOT_OK(encoder->Encode(std::move(batches), use));
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(encoder));
  return Status::OK();
}

}  // namespace headrace
