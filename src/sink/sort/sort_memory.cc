#include "sink/sort/sort_memory.h"

#include <algorithm>

#include "base/units.h"
#include "sink/sink_memory.h"
#include "sink/sort/sorted_run.h"

namespace headrace {
namespace {

constexpr int64_t kHoldBytesMin = 512 * 1024;
constexpr int64_t kFrameBytesMin = 32 * 1024;
constexpr int64_t kFrameBytesMax = 256 * 1024;
// Merged at once at least; a frame being read stands once more, as it is stored.
constexpr int64_t kRunsMin = 4;

SortMemory SmallestMemory(const SinkOptions& options) {
  SortMemory memory;
  memory.batch_bytes = std::clamp(options.batch_bytes, int64_t{64} << 10, kMiB);
  // Narrow columns grow several times when they become rows and keys.
  memory.slice_bytes = 4 * memory.batch_bytes;
  memory.hold_bytes = std::max(kHoldBytesMin, memory.slice_bytes);
  memory.frame_bytes = kFrameBytesMin;
  return memory;
}

int64_t WriteBytes(const SortMemory& memory) {
  return SortSpill{.frame_bytes = memory.frame_bytes}.WriteBytes();
}

// A worker beside its run: the columns of a slice in their stored form, its rows and keys, and what
// writing a run takes.
int64_t IntakeBytes(const SortMemory& memory) {
  return WithSizeClasses(memory.batch_bytes + memory.slice_bytes + WriteBytes(memory));
}

int64_t MergeFloor(const SortMemory& memory) {
  return WithSizeClasses((kRunsMin + 1) * memory.frame_bytes + WriteBytes(memory));
}

}  // namespace

int64_t DrainBytes(const SortMemory& memory) { return WithSizeClasses(3 * memory.batch_bytes); }

StageNeeds SortNeeds(const SinkOptions& options, const StageNeeds& inner) {
  const SortMemory floor = SmallestMemory(options);
  const int64_t hold = WithSizeClasses(floor.hold_bytes);
  StageNeeds needs;
  needs.name = inner.name;
  needs.fixed_floor_bytes = std::max(hold, MergeFloor(floor) + inner.fixed_floor_bytes);
  needs.worker_floor_bytes =
      std::max(hold + IntakeBytes(floor), DrainBytes(floor) + inner.worker_floor_bytes);
  // More rows in memory are fewer runs, until there is one.
  needs.fixed_wanted_bytes =
      needs.fixed_floor_bytes + inner.fixed_wanted_bytes + (int64_t{1} << 30);
  needs.worker_wanted_bytes =
      std::max(needs.worker_floor_bytes, DrainBytes(floor) + inner.worker_wanted_bytes);
  return needs;
}

SortMemory DivideSortMemory(const SinkOptions& options, const StageNeeds& inner,
                            int64_t sink_bytes) {
  SortMemory memory = SmallestMemory(options);
  memory.frame_bytes = std::clamp(sink_bytes / 128, kFrameBytesMin, kFrameBytesMax);
  const int64_t intake = options.threads * IntakeBytes(memory);
  memory.hold_bytes = std::max(WithoutSizeClasses((sink_bytes - intake) / (options.threads + 1)),
                               memory.hold_bytes);
  // Of what is above both floors merging gets a third: more runs at once, fewer passes.
  const int64_t floors =
      MergeFloor(memory) + options.threads * DrainBytes(memory) + inner.FloorBytes(options.threads);
  const int64_t above = std::max<int64_t>(0, sink_bytes - floors);
  memory.merge_bytes = WithoutSizeClasses(MergeFloor(memory) + above / 3);
  memory.inner_bytes = inner.FloorBytes(options.threads) + above - above / 3;
  return memory;
}

}  // namespace headrace
