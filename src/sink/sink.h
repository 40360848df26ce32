// Sink: the end of a pipeline; writes only under staging names that the commit room gave out.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/status.h"
#include "commit/transaction.h"
#include "data/batch.h"
#include "data/sort_key.h"
#include "memory/needs.h"
#include "memory/run_allowance.h"
#include "sink/output_form.h"
#include "sink/parquet/layout.h"
#include "spill/spill_area.h"

namespace headrace {

struct WrittenFiles {
  int64_t files = 0;
  int64_t rows = 0;  // as their writers counted them; checked against those taken in
  int64_t bytes = 0;
  int64_t row_groups = 0;
};

struct SinkSummary : WrittenFiles {
  int64_t partitions = 0;
  int64_t spilled_bytes = 0;  // as stored on disk
  std::vector<std::string>
      directories;  // partition directories written, sorted, none when there are more than
                    // kPartitionsListed; {""} for an unpartitioned dataset
};

// Role: takes every batch of the run and leaves finished, synced, not yet published files.
// Order: rows of lower sequence numbers come first inside every file, whatever thread brought them.
// Owner: the run. Threads: Consume and EndMorsel from any worker; Finish once, after all EndMorsel,
// from one thread. Errors: Sink, OutOfDisk, OutOfMemory. After a failure only destruction is
// allowed; staged files are the commit's to remove.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status Consume(int64_t sequence, Batch batch) = 0;
  // Called once for every sequence number, in any thread order, also for morsels that gave no rows.
  virtual Status EndMorsel(int64_t sequence) = 0;
  virtual Result<SinkSummary> Finish() = 0;
};

inline constexpr int64_t kRowGroupRowsDefault = 122'880;

struct SortBy {
  std::string column;
  SortDirection direction = SortDirection::kAscending;
};

// What is to be written: enough to say what memory it takes, before anything is opened.
struct SinkOptions {
  std::shared_ptr<arrow::Schema> schema;  // of the batches
  std::vector<std::string> partition_by;  // empty = one file, or a dataset without partitions
  std::vector<SortBy> sort_within;        // the rows of a partition, or all; empty = input order
  OutputFormat format = OutputFormat::kParquet;
  ParquetOptions parquet;         // of kParquet
  OutputCompression compression;  // of all others
  char delimiter = ',';           // of kCsv
  int64_t row_group_rows = 0;     // 0 = kRowGroupRowsDefault; fewer when the bytes do not allow it
  int64_t target_file_bytes = int64_t{512} << 20;
  int threads = 1;                // workers that will call Consume; Finish uses as many of its own
  int64_t batch_bytes = 1 << 20;  // Arrow bytes of a usual batch; larger ones are taken in slices
};

inline int64_t RowGroupRows(const SinkOptions& options) {
  return options.row_group_rows > 0 ? options.row_group_rows : kRowGroupRowsDefault;
}

// Where it goes and what it may use. Everything outlives the sink.
struct SinkContext {
  StagedOutput* transaction = nullptr;  // also says: single file or dataset, durability, run id
  Cancellation* cancellation = nullptr;
  SpillArea* spill = nullptr;
  Env* env = nullptr;
  arrow::MemoryPool* pool = nullptr;  // the sink stage's StagePool
  int64_t sink_bytes =
      0;  // what the sink may hold of it; at least SinkNeeds(...).FloorBytes(threads)
  int64_t floor_bytes = 0;      // of them, what no pressure takes away while all workers work
  int64_t floor_one_bytes = 0;  // and what stays for the last one
  const RunAllowance* allowance = nullptr;  // null: everything, all the time
};

// What of `planned` bytes (row groups, held rows) a sink may use now, at least `least`.
inline int64_t AllowedNow(const SinkContext& context, int64_t planned, int64_t least) {
  if (context.allowance == nullptr || context.sink_bytes <= 0) return planned;
  const auto allowed =
      context.allowance->Of(context.sink_bytes, context.floor_one_bytes, context.floor_bytes);
  const double share = static_cast<double>(allowed) / static_cast<double>(context.sink_bytes);
  return std::max(std::min(planned, least),
                  static_cast<int64_t>(static_cast<double>(planned) * share));
}

// Floor: every worker can encode one smallest row group while the others do the same, and a
// partitioned sink can route and spill beside that. Wanted: full row groups in every worker. One
// that sorts: src/sink/sort/sort_memory.h.
// Errors: InvalidPlan, all that MakeSink has.
Result<StageNeeds> SinkNeeds(const SinkOptions& options);

// Errors: InvalidPlan for partition keys that are unknown, repeated, of a type without a directory
// text, named so that readers skip them, or that leave no column to write; for columns to sort by
// that are unknown or have no order; for types that the format or rows cannot hold.
Result<std::unique_ptr<Sink>> MakeSink(SinkOptions options, SinkContext context);

}  // namespace headrace
