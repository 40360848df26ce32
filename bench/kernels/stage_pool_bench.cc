// What an allocation costs from a stage's pool, beside Arrow's default allocator: the price of the
// account.
#include <arrow/memory_pool.h>
#include <benchmark/benchmark.h>

#include "base/units.h"
#include "memory/stage_pool.h"

namespace headrace {
namespace {

// Allocates a run of blocks and frees them again, as a batch of columns does.
void AllocateAndFree(benchmark::State& state, arrow::MemoryPool* pool) {
  constexpr int kBlocks = 16;
  const int64_t size = state.range(0);
  uint8_t* blocks[kBlocks];
  for (auto _ : state) {
    for (uint8_t*& block : blocks) {
      if (!pool->Allocate(size, &block).ok()) {
        state.SkipWithError("out of memory");
        return;
      }
      block[0] = block[size - 1] = 1;
    }
    for (uint8_t* block : blocks) pool->Free(block, size);
  }
  state.SetItemsProcessed(state.iterations() * kBlocks);
}

void StagePoolAllocate(benchmark::State& state) {
  MemoryBudget budget{{512 * kMiB, 0, 0, "benchmark"}};
  ExtentAllocator extents{512 * kMiB, 64 * kMiB};
  const auto pool = StagePool::Make(&budget, &extents, "benchmark", 0).ValueOrDie();
  AllocateAndFree(state, pool.get());
}
BENCHMARK(StagePoolAllocate)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);

void DefaultPoolAllocate(benchmark::State& state) {
  AllocateAndFree(state, arrow::default_memory_pool());
}
BENCHMARK(DefaultPoolAllocate)->Arg(4 << 10)->Arg(64 << 10)->Arg(1 << 20);

}  // namespace
}  // namespace headrace
