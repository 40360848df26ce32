// The Arrow pool of one stage: every Arrow call of that stage allocates here, and every byte is
// charged to the budget.
#pragma once

#include <arrow/memory_pool.h>

#include <memory>
#include <string>

#include "memory/budget.h"
#include "memory/extent_allocator.h"

namespace headrace {

// Role: adapts the budget to arrow::MemoryPool. Bytes up to the floor are reserved when the pool is
// made and cannot be refused later; beyond it the pool grows from what is free in the budget and
// fails with OutOfMemory when there is none. Charged bytes are the allocator's real ones (size
// class), so the account bounds RSS. Owner: the run; outlives every buffer made from it (Arrow
// buffers hold their pool by bare pointer). Threads: all methods from any thread.
class StagePool : public arrow::MemoryPool {
 public:
  // Takes `floor_bytes` at once.
  static Result<std::unique_ptr<StagePool>> Make(MemoryBudget* budget, ExtentAllocator* extents,
                                                 std::string name, int64_t floor_bytes);
  ~StagePool() override;

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  void ReleaseUnused() override;
  int64_t bytes_allocated() const override;  // charged bytes
  int64_t max_memory() const override;       // peak of the same
  int64_t total_bytes_allocated() const override;
  int64_t num_allocations() const override;
  std::string backend_name() const override { return "headrace"; }

  const std::string& name() const { return name_; }
  int64_t floor_bytes() const;
  // What this pool could still take: unused floor plus what is free in the budget.
  int64_t available_bytes() const;
  // Raises the floor, once a stage knows better what it needs. OutOfMemory when the budget has no
  // room.
  Status RaiseFloor(int64_t floor_bytes);
  // The same without an error: false when the budget has no room now.
  bool TryRaiseFloor(int64_t floor_bytes);
  // Gives part of the floor back, when fewer workers need it; bytes in use stay charged.
  void LowerFloor(int64_t floor_bytes);
  // Gives the floor back at the end of the stage; bytes in use stay charged.
  void ReleaseFloor();

 private:
  StagePool(MemoryBudget* budget, ExtentAllocator* extents, Reservation reservation, int64_t floor);
  Status Charge(int64_t bytes);
  void Discharge(int64_t bytes);

  MemoryBudget* budget_;
  ExtentAllocator* extents_;
  const std::string name_;
  mutable std::mutex mutex_;  // guards reservation_ and used_bytes_ together
  Reservation reservation_;   // max(floor, used)
  int64_t floor_bytes_;
  int64_t used_bytes_ = 0;
  std::atomic<int64_t> peak_bytes_{0};
  std::atomic<int64_t> total_bytes_{0};
  std::atomic<int64_t> allocations_{0};
};

}  // namespace headrace
