// How a sorting sink divides its bytes: first among rows that come in, later between merging and
// the sink behind it.
#pragma once

#include <cstdint>

#include "memory/needs.h"
#include "sink/sink.h"

namespace headrace {

struct SortMemory {
  int64_t hold_bytes = 0;   // of one run while it is in memory; one per worker and one more
  int64_t frame_bytes = 0;  // of a usual frame in the spill
  int64_t slice_bytes = 0;  // of rows and keys that a worker makes at once, with their order
  int64_t batch_bytes = 0;  // of rows that a worker makes columns of at the end
  int64_t merge_bytes = 0;  // frames of the runs that are merged
  int64_t inner_bytes = 0;  // of the sink behind
};

// Floor: one run per worker, four runs merged, and the sink behind at its floor beside that.
StageNeeds SortNeeds(const SinkOptions& options, const StageNeeds& inner);
SortMemory DivideSortMemory(const SinkOptions& options, const StageNeeds& inner,
                            int64_t sink_bytes);
// What a worker holds while it hands sorted rows to the sink behind.
int64_t DrainBytes(const SortMemory& memory);

}  // namespace headrace
