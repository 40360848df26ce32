// Resources of a run: its budget out of settings and machine, and the objects that hold it.
#pragma once

#include <memory>
#include <string>

#include "headrace/job.h"
#include "memory/admission.h"
#include "memory/budget.h"
#include "memory/extent_allocator.h"
#include "memory/stage_pool.h"

namespace headrace {

// Called once by the command (or lazily by the first run): allocator settings, Arrow's kernels,
// then the base of the process, which every later budget takes off.
enum class ProcessOwner : uint8_t { kCommand, kHost };
Status PrepareProcess(ProcessOwner owner);
int64_t ProcessBaseBytes();
// Measures the base again when something was loaded for a run that is about to begin; it only
// grows.
void RaiseProcessBase();

// The user's text ("512MiB", "25%", "") against what the machine and its cgroups allow. Never above
// the effective limit. InvalidConfig when the text is no size.
Result<BudgetSettings> ResolveBudget(const ResourceSpec& resources, int threads);
// Threads the user asked for, or usable cores; at least 1.
int ResolveThreads(const ResourceSpec& resources);

// Role: the budget of one run with its allocator and its stages' pools. Everything made from a pool
// dies before it. Owner: the run. Threads: as StagePool.
class RunMemory {
 public:
  explicit RunMemory(BudgetSettings settings);
  MemoryBudget* budget() { return &budget_; }
  ExtentAllocator* extents() { return &extents_; }
  Result<std::unique_ptr<StagePool>> MakePool(std::string name, int64_t floor_bytes);
  // Bytes lent out plus pages kept for reuse: what the account says RSS is, less base and slack.
  int64_t AccountedBytes() const { return budget_.used_bytes() + extents_.cached_bytes(); }
  // Gives back what is cached, for the end of a phase or when RSS comes near the budget.
  void ReturnUnused();

 private:
  MemoryBudget budget_;
  ExtentAllocator extents_;
};

}  // namespace headrace
