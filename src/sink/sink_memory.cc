#include "sink/sink_memory.h"

#include <algorithm>

#include "base/units.h"
#include "data/byte_size.h"
#include "sink/block_codec.h"
#include "sink/parquet/row_group_encoder.h"
#include "sink/row_chunks.h"
#include "sink/text/text_form.h"

namespace headrace {
namespace {

constexpr int64_t kRowGroupBytesMax = 256 * kMiB;
// Text is cut into blocks anyway: larger chunks of it would only wait for each other.
constexpr int64_t kTextRowGroupBytesMax = 4 * kMiB;
// Text as it is stored, for one byte of a column: what is more goes into the file in several
// chunks.
constexpr int64_t kTextRatio = 3;
// Measured with 6,000 and 60,000 columns. Once: two schemas (205 each), the row layout (240), and
// the Parquet layout, whose footer takes 1,550 while it is made.
constexpr int64_t kColumnBytes = 2560;
// Per worker: the objects of a batch and of its slice (675 each), those of an encoded row group
// (545, and 250 with its page index), and the text that describes its column in the footer.
constexpr int64_t kColumnBytesOfWorker = 2304;
// From the pool, in the footer and the page indexes, whose buffers double.
constexpr int64_t kColumnFooterBytes = 448;

bool is_partitioned(const SinkOptions& options) { return !options.partition_by.empty(); }

bool is_text(const SinkOptions& options) {
  return options.format == OutputFormat::kCsv || options.format == OutputFormat::kJsonLines;
}

// What encoding a row group takes beside it.
int64_t EncoderBytes(const SinkOptions& options, const SinkMemory& memory, int columns) {
  if (is_text(options)) return TextEncoderBytesMax(memory.chunk_bytes);
  return RowGroupEncoderBytesMax(memory.row_group_bytes, columns, memory.parquet);
}

// Outside the pool, by the codec of each worker.
int64_t ContextBytes(const SinkOptions& options, const SinkMemory& memory) {
  if (options.format == OutputFormat::kParquet) {
    return CodecContextBytes(memory.parquet.codec, memory.parquet.level,
                             memory.parquet.data_page_bytes);
  }
  const int64_t block_bytes = is_text(options) ? kTextBlockBytes : memory.row_group_bytes;
  return CodecContextBytes(options.compression.codec, options.compression.level, block_bytes);
}

// The largest row groups between `low` and `high` for which takes(row group bytes) is within
// `bytes`; `low` if none.
template <typename Takes>
int64_t LargestRowGroup(int64_t low, int64_t high, int64_t bytes, Takes takes) {
  high = std::max(low, high);
  if (takes(high) <= bytes) return high;
  while (high - low > kRowGroupBytesMin / 16) {
    const int64_t middle = low + (high - low) / 2;
    (takes(middle) <= bytes ? low : high) = middle;
  }
  return low;
}

}  // namespace

int64_t WantedRowGroupBytes(const SinkOptions& options) {
  // Half as much again, because the guess for strings is one.
  return std::clamp(RowGroupRows(options) * GuessRowBytes(*options.schema) * 3 / 2,
                    kRowGroupBytesMin,
                    is_text(options) ? kTextRowGroupBytesMax : kRowGroupBytesMax);
}

SinkMemory SmallestMemory(const SinkOptions& options, int columns, int64_t row_group_bytes) {
  SinkMemory memory;
  memory.row_group_bytes = row_group_bytes;
  memory.slice_bytes = std::clamp(options.batch_bytes, int64_t{64} << 10, row_group_bytes);
  memory.chunk_bytes = kTextRatio * row_group_bytes;
  memory.parquet = options.parquet;
  memory.parquet.data_page_bytes =
      std::clamp(row_group_bytes / 16, int64_t{64} << 10,
                 std::max(options.parquet.data_page_bytes, int64_t{64} << 10));
  if (is_partitioned(options)) {
    memory.frame_bytes =
        std::clamp(row_group_bytes / 8, RowChunks::kBlockBytesMax, 2 * RowChunks::kBlockBytesMax);
    // Per worker a row group on its way out, another being gathered, and what lies idle in its
    // chunks; once more for the partitions that nobody works on.
    memory.held_bytes = (5 * options.threads + 4) * row_group_bytes / 2 + kMiB;
  }
  memory.metadata_bytes =
      (is_partitioned(options) ? kMiB / 2 : kMiB / 4) + columns * kColumnFooterBytes;
  memory.column_bytes = columns * kColumnBytes;
  return memory;
}

int64_t FixedBytes(const SinkMemory& memory) {
  return WithSizeClasses(memory.held_bytes) + memory.metadata_bytes + memory.column_bytes;
}

int64_t WorkerBytes(const SinkOptions& options, const SinkMemory& memory, int columns) {
  const int64_t encode = memory.row_group_bytes + EncoderBytes(options, memory, columns);
  // Unpartitioned: the copy of a slice, and what remains of a slice when a row group was cut inside
  // it. Partitioned: a slice's rows, keys and order.
  const int64_t slices = (is_partitioned(options) ? 3 : 2) * memory.slice_bytes;
  // A frame on its way out takes a workspace, one on its way in its stored and its plain bytes.
  const int64_t frames = is_partitioned(options) ? SpillWriter::WorkspaceBytes(memory.frame_bytes) +
                                                       2 * memory.frame_bytes
                                                 : 0;
  return WithSizeClasses(encode + slices + frames) + columns * kColumnBytesOfWorker +
         ContextBytes(options, memory);
}

SinkMemory DivideMemory(const SinkOptions& options, int columns, int64_t sink_bytes) {
  const auto takes = [&](int64_t row_group_bytes) {
    const SinkMemory memory = SmallestMemory(options, columns, row_group_bytes);
    return FixedBytes(memory) + options.threads * WorkerBytes(options, memory, columns);
  };
  // Held rows make larger row groups in the end, so a partitioned sink spends at most two thirds on
  // encoding.
  const int64_t encoding_bytes = is_partitioned(options) ? sink_bytes * 2 / 3 : sink_bytes;
  const int64_t row_group_bytes =
      LargestRowGroup(kRowGroupBytesMin, WantedRowGroupBytes(options), encoding_bytes, takes);
  SinkMemory memory = SmallestMemory(options, columns, row_group_bytes);
  const int64_t spare = sink_bytes - takes(row_group_bytes);
  if (is_partitioned(options) && spare > 0) {
    memory.metadata_bytes += spare / 16;
    memory.held_bytes += WithoutSizeClasses(spare - spare / 16);
  }
  return memory;
}

int64_t LeastPassBytes(int64_t row_group_bytes) { return row_group_bytes * 5 / 2; }

SinkMemory DivideForFinish(const SinkOptions& options, int columns, int64_t sink_bytes,
                           int64_t useful_row_group_bytes, SinkMemory memory) {
  const auto left_for_rows = [&](int64_t row_group_bytes) {
    SinkMemory larger = memory;
    larger.row_group_bytes = row_group_bytes;
    return sink_bytes - memory.metadata_bytes - memory.column_bytes -
           options.threads * WorkerBytes(options, larger, columns);
  };
  const auto takes = [&](int64_t row_group_bytes) {
    return sink_bytes - left_for_rows(row_group_bytes) +
           options.threads * WithSizeClasses(LeastPassBytes(row_group_bytes));
  };
  memory.row_group_bytes = LargestRowGroup(
      memory.row_group_bytes, std::min(useful_row_group_bytes, WantedRowGroupBytes(options)),
      sink_bytes, takes);
  memory.held_bytes = WithoutSizeClasses(left_for_rows(memory.row_group_bytes));
  return memory;
}

}  // namespace headrace
