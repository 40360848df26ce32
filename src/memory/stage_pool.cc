#include "memory/stage_pool.h"

#include <algorithm>

#include "base/units.h"

namespace headrace {
namespace {

// Arrow asks for blocks of no bytes and expects a pointer it may not write to.
alignas(64) uint8_t kEmptyBlock[64];

}  // namespace

Result<std::unique_ptr<StagePool>> StagePool::Make(MemoryBudget* budget, ExtentAllocator* extents,
                                                   std::string name, int64_t floor_bytes) {
  ARROW_ASSIGN_OR_RAISE(Reservation floor, budget->Reserve(std::move(name), floor_bytes));
  return std::unique_ptr<StagePool>(new StagePool(budget, extents, std::move(floor), floor_bytes));
}

StagePool::StagePool(MemoryBudget* budget, ExtentAllocator* extents, Reservation reservation,
                     int64_t floor)
    : budget_(budget),
      extents_(extents),
      name_(reservation.name()),
      reservation_(std::move(reservation)),
      floor_bytes_(floor) {}

StagePool::~StagePool() { HEADRACE_CHECK(used_bytes_ == 0); }

Status StagePool::Charge(int64_t bytes) {
  std::lock_guard lock(mutex_);
  const int64_t missing = used_bytes_ + bytes - reservation_.bytes();
  if (missing > 0 && !reservation_.TryGrow(missing)) return budget_->Refusal(name_, bytes);
  used_bytes_ += bytes;
  if (used_bytes_ > peak_bytes_.load(std::memory_order_relaxed)) {
    peak_bytes_.store(used_bytes_, std::memory_order_relaxed);
  }
  total_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  allocations_.fetch_add(1, std::memory_order_relaxed);
  return Status::OK();
}

void StagePool::Discharge(int64_t bytes) {
  std::lock_guard lock(mutex_);
  HEADRACE_CHECK(bytes <= used_bytes_);
  used_bytes_ -= bytes;
  reservation_.Shrink(reservation_.bytes() - std::max(floor_bytes_, used_bytes_));
}

Status StagePool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  if (size == 0) {
    *out = kEmptyBlock;
    return Status::OK();
  }
  if (size < 0) return MakeError(ErrorKind::kInternal, 901, "negative allocation: {}", size);
  if (size > budget_->lendable_bytes()) return budget_->Refusal(name_, size);
  const int64_t charged = ExtentAllocator::ChargedBytes(size);
  ARROW_RETURN_NOT_OK(Charge(charged));
  auto block = extents_->Allocate(size, alignment);
  if (!block.ok()) {
    Discharge(charged);
    return block.status();
  }
  *out = *block;
  return Status::OK();
}

Status StagePool::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) {
  if (*ptr == kEmptyBlock) return Allocate(new_size, alignment, ptr);
  if (new_size == 0) {
    Free(*ptr, old_size, alignment);
    *ptr = kEmptyBlock;
    return Status::OK();
  }
  if (new_size > budget_->lendable_bytes()) return budget_->Refusal(name_, new_size);
  const int64_t old_charged = ExtentAllocator::ChargedBytes(old_size);
  const int64_t new_charged = ExtentAllocator::ChargedBytes(new_size);
  // Blocks that are mappings are resized in place; others are copied, and both exist for a moment.
  const bool copies =
      old_size < ExtentAllocator::kExtentMin || new_size < ExtentAllocator::kExtentMin;
  const int64_t charge_first =
      copies ? new_charged : std::max<int64_t>(0, new_charged - old_charged);
  ARROW_RETURN_NOT_OK(Charge(charge_first));
  auto block = extents_->Reallocate(*ptr, old_size, new_size, alignment);
  if (!block.ok()) {
    Discharge(charge_first);
    return block.status();
  }
  Discharge(copies ? old_charged : std::max<int64_t>(0, old_charged - new_charged));
  *ptr = *block;
  return Status::OK();
}

void StagePool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  if (buffer == kEmptyBlock) return;
  extents_->Free(buffer, size);
  Discharge(ExtentAllocator::ChargedBytes(size));
}

void StagePool::ReleaseUnused() { extents_->Trim(0); }

int64_t StagePool::bytes_allocated() const {
  std::lock_guard lock(mutex_);
  return used_bytes_;
}

int64_t StagePool::max_memory() const { return peak_bytes_.load(std::memory_order_relaxed); }

int64_t StagePool::total_bytes_allocated() const {
  return total_bytes_.load(std::memory_order_relaxed);
}

int64_t StagePool::num_allocations() const { return allocations_.load(std::memory_order_relaxed); }

int64_t StagePool::available_bytes() const {
  std::lock_guard lock(mutex_);
  return reservation_.bytes() - used_bytes_ + budget_->free_bytes();
}

bool StagePool::TryRaiseFloor(int64_t floor_bytes) {
  std::lock_guard lock(mutex_);
  const int64_t missing = floor_bytes - reservation_.bytes();
  if (missing > 0 && !reservation_.TryGrow(missing)) return false;
  floor_bytes_ = std::max(floor_bytes_, floor_bytes);
  return true;
}

Status StagePool::RaiseFloor(int64_t floor_bytes) {
  if (TryRaiseFloor(floor_bytes)) return Status::OK();
  return budget_->Refusal(name_, floor_bytes);
}

void StagePool::LowerFloor(int64_t floor_bytes) {
  std::lock_guard lock(mutex_);
  floor_bytes_ = std::min(floor_bytes_, floor_bytes);
  reservation_.Shrink(reservation_.bytes() - std::max(floor_bytes_, used_bytes_));
}

void StagePool::ReleaseFloor() { LowerFloor(0); }

int64_t StagePool::floor_bytes() const {
  std::lock_guard lock(mutex_);
  return floor_bytes_;
}

}  // namespace headrace
