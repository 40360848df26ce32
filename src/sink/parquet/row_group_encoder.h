// RowGroupEncoder: rows in, the finished bytes of one Parquet row group out, without any file.
//
// An encoded row group knows nothing of where it will stand, so several workers encode row groups
// of one file at once; ParquetFileWriter appends them in order and only then are offsets known.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "sink/parquet/layout.h"

namespace headrace {

struct EncodedPageCount {
  int page_type = 0;  // numbers of the Parquet format
  int encoding = 0;
  int count = 0;
};

// Smallest and largest value in Parquet's own byte form; absent when unknown.
struct EncodedBounds {
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<int64_t> null_count;
};

// One data page of a column chunk.
struct PagePlace {
  int64_t offset = 0;  // from the first data page
  int64_t first_row = 0;
  int64_t bytes = 0;  // with its header
};

struct EncodedColumn {
  std::vector<std::shared_ptr<arrow::Buffer>>
      pieces;                    // page headers and compressed pages, in order
  int64_t values = 0;            // with nulls
  int64_t compressed_bytes = 0;  // of all pieces
  int64_t uncompressed_bytes = 0;
  int64_t dictionary_offset = -1;  // from the first piece; -1 = no dictionary page
  int64_t data_offset = 0;
  bool is_compressed = false;  // with the layout's codec
  std::vector<int> encodings;
  std::vector<EncodedPageCount> page_counts;
  EncodedBounds bounds;
  std::shared_ptr<arrow::Buffer> page_places;   // PagePlace of each; null = not known
  std::shared_ptr<arrow::Buffer> column_index;  // as the file has it; null = none
};

struct EncodedRowGroup {
  int64_t rows = 0;
  std::vector<EncodedColumn> columns;  // one per Parquet leaf
  int64_t compressed_bytes() const;
  int64_t uncompressed_bytes() const;
};

// Role: encodes and compresses row groups one at a time, column by column, choosing each column's
// encoding from a sample of its values. Besides its input and its output it holds about one
// column's pages. Owner: one worker; keeps its codec and scratch buffers from call to call.
// Threads: one at a time. Errors: InvalidPlan for a type Parquet cannot hold, OutOfMemory when the
// pool refuses, Internal for the library's own.
class RowGroupEncoder {
 public:
  // Every buffer, also of the result, comes from `pool`, which must outlive all results.
  static Result<std::unique_ptr<RowGroupEncoder>> Make(std::shared_ptr<const ParquetLayout> layout,
                                                       arrow::MemoryPool* pool);
  ~RowGroupEncoder();

  // The rows of `batches` (all of the layout's schema) in order as one row group. `batches` must
  // hold at least one row.
  Result<EncodedRowGroup> Encode(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches);

 private:
  class State;
  explicit RowGroupEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Pool bytes that Encode may hold beside its input, for a row group of `arrow_bytes` in `columns`
// columns: scratch plus the result in the worst case (nothing compresses).
int64_t RowGroupEncoderBytesMax(int64_t arrow_bytes, int columns, const ParquetOptions& options);

}  // namespace headrace
