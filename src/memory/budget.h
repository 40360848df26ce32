// MemoryBudget and Reservation: who may hold how many bytes.
//
// Invariants of the room
//  1. total = base + slack + lendable. `base` is what the process took before any work (libraries,
//  heap), measured;
//     `slack` is stated room for what no pool sees (codec contexts, thread stacks, page tables of
//     libraries).
//  2. The sum of all reservations never passes `lendable`; a grow that would is refused, never
//  waited for here.
//  3. Every data-sized allocation goes through a StagePool, which holds a Reservation; so accounted
//  bytes bound RSS.
//  4. The extent allocator keeps in-use plus cached extents at or below `lendable`.
//  5. `lendable` may be lowered while the run lasts and raised again, never above what the settings
//     and the slack in force give. What is lent out then stays lent: grows are refused until
//     holders gave enough back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace headrace {

class MemoryBudget;

// Role: a named, move-only claim on bytes of a budget. Released by the destructor.
// Threads: one owner at a time; different reservations may be used in parallel.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();

  int64_t bytes() const { return bytes_; }
  const std::string& name() const;
  bool TryGrow(int64_t more_bytes);  // all or nothing
  void Shrink(int64_t less_bytes);   // at most bytes()
  Reservation Split(int64_t bytes);  // moves part of this claim into a new one of the same name
  void Release();

 private:
  friend class MemoryBudget;
  struct Holder;
  Reservation(MemoryBudget* budget, std::shared_ptr<Holder> holder, int64_t bytes);
  MemoryBudget* budget_ = nullptr;
  std::shared_ptr<Holder> holder_;
  int64_t bytes_ = 0;
};

struct HolderBytes {
  std::string name;
  int64_t bytes = 0;
  int64_t peak_bytes = 0;
};

struct BudgetSettings {
  int64_t total_bytes = 0;
  int64_t base_bytes = 0;
  int64_t slack_bytes = 0;  // at first; LowerSlack
  std::string origin;       // "--memory", "25 % of cgroup v1 /a (512.0 MiB)"
  // Tests of refusals: the grow of this number, counted from 1, is refused; 0 = none.
  int64_t refused_grow = 0;
};

// Role: the process's one number, lent out as reservations. Outlives everything that reserves from
// it. Threads: all methods from any thread. Errors: OutOfMemory naming the largest holders.
class MemoryBudget {
 public:
  explicit MemoryBudget(BudgetSettings settings);
  ~MemoryBudget();  // everything must have been given back
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // A reservation of `bytes` (0 is fine) counted under `name`.
  Result<Reservation> Reserve(std::string name, int64_t bytes);

  const BudgetSettings& settings() const { return settings_; }
  // By the settings; what is in force now may be less.
  int64_t planned_lendable_bytes() const {
    return planned_lendable_bytes_.load(std::memory_order_relaxed);
  }
  int64_t slack_bytes() const { return slack_bytes_.load(std::memory_order_relaxed); }
  // A run that is about to begin with fewer threads needs less slack; what comes free is lent out.
  // At most the slack in force, and before any SetLendable.
  void LowerSlack(int64_t bytes);
  int64_t lendable_bytes() const { return lendable_bytes_.load(std::memory_order_relaxed); }
  // Bounds what may be lent out from now on; at most the planned bytes. `cause` is for refusals.
  void SetLendable(int64_t bytes, const std::string& cause);
  int64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  int64_t peak_bytes() const { return peak_bytes_.load(std::memory_order_relaxed); }
  int64_t free_bytes() const {
    return lendable_bytes() - used_bytes();
  }  // below 0 after a lowering
  int64_t grows() const { return grows_.load(std::memory_order_relaxed); }
  int64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }
  // All names that ever held something, largest present holding first.
  std::vector<HolderBytes> Holders() const;
  // OutOfMemory: "<what> needs N MiB more, M MiB free of ...; held: a 10 MiB, b 5 MiB; raise memory
  // ...".
  Status Refusal(const std::string& what, int64_t bytes) const;

 private:
  friend class Reservation;
  bool TryTake(Reservation::Holder* holder, int64_t bytes);
  void GiveBack(Reservation::Holder* holder, int64_t bytes);

  const BudgetSettings settings_;
  std::atomic<int64_t> slack_bytes_;
  std::atomic<int64_t> planned_lendable_bytes_;
  std::atomic<int64_t> lendable_bytes_;
  std::atomic<int64_t> used_bytes_{0};
  mutable std::atomic<int64_t> refusals_{0};
  std::atomic<int64_t> grows_{0};  // counted only when one is to be refused
  std::atomic<int64_t> peak_bytes_{0};
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Reservation::Holder>> holders_;
  std::string lowered_because_;  // "" while everything planned may be lent
};

}  // namespace headrace
