// How a sink divides the bytes it was granted. Pure arithmetic.
#pragma once

#include <cstdint>

#include "sink/sink.h"

namespace headrace {

// The allocator's size classes are up to an eighth larger than what is asked for.
inline int64_t WithSizeClasses(int64_t bytes) { return bytes + bytes / 8; }
inline int64_t WithoutSizeClasses(int64_t bytes) { return bytes * 8 / 9; }

struct SinkMemory {
  int64_t row_group_bytes = 0;  // Arrow bytes at which a row group is cut, whatever its rows
  int64_t slice_bytes = 0;      // a batch is taken in slices of at most this
  int64_t held_bytes =
      0;  // partitioned: rows held per partition, those on their way out and the partition table
  int64_t frame_bytes = 0;     // partitioned: largest usual frame in the spill
  int64_t metadata_bytes = 0;  // footers of unfinished files
  int64_t column_bytes = 0;  // schemas and layouts: outside of the pool, so nobody else may have it
  int64_t chunk_bytes = 0;   // text: stored bytes that a worker makes before it has to write
  ParquetOptions parquet;    // pages no larger than the row group deserves
};

// What the whole sink takes with row groups of `row_group_bytes`; a partitioned one with the least
// held rows that work.
SinkMemory SmallestMemory(const SinkOptions& options, int columns, int64_t row_group_bytes);
int64_t FixedBytes(const SinkMemory& memory);
int64_t WorkerBytes(const SinkOptions& options, const SinkMemory& memory, int columns);

inline constexpr int64_t kRowGroupBytesMin = int64_t{1} << 20;

// Arrow bytes of a full row group, guessed from the schema: where more memory stops helping.
int64_t WantedRowGroupBytes(const SinkOptions& options);

// The largest row groups that fit into `sink_bytes`; what is left over holds rows. Asks for no less
// than the floor.
SinkMemory DivideMemory(const SinkOptions& options, int columns, int64_t sink_bytes);

// What a finishing worker needs for held rows: a row group on its way out, the next being gathered,
// and what lies idle in its chunks.
int64_t LeastPassBytes(int64_t row_group_bytes);

// The same bytes at the end, when nothing arrives any more: fewer rows have to be held, so row
// groups can be larger, up to `useful_row_group_bytes`; what those do not need holds the rows of
// more partitions at once.
SinkMemory DivideForFinish(const SinkOptions& options, int columns, int64_t sink_bytes,
                           int64_t useful_row_group_bytes, SinkMemory memory);

}  // namespace headrace
