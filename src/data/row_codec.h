// Columns to whole rows and back: rows are what is held per partition and what is spilled.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "data/row_layout.h"

namespace headrace {

// Rows one after the other, and where each begins.
struct EncodedRows {
  std::shared_ptr<arrow::Buffer> bytes;
  std::shared_ptr<arrow::Buffer> offsets;  // int64, rows + 1
  int64_t rows = 0;

  const int64_t* offset() const { return offsets->data_as<int64_t>(); }
};

// A run of whole rows somewhere in memory.
struct RowSpan {
  const uint8_t* data = nullptr;
  int64_t bytes = 0;
  int64_t rows = 0;
};

// Encodes the rows of `columns` (the layout's fields in order; dictionaries as given to
// RowLayout::Make) that `indices` names, in that order. One pass over the columns for sizes, one
// that writes; both buffers are sized once. Threads: any. Errors: OutOfMemory from the pool;
// BadInput for a row above RowLayout::kRowBytesMax.
Result<EncodedRows> EncodeRows(const RowLayout& layout, const arrow::ArrayVector& columns,
                               std::span<const int32_t> indices, arrow::MemoryPool* pool);

// The rows of all spans in order as one batch of layout.schema(). Column buffers are sized once.
// Threads: any. Errors: OutOfMemory; BadInput when one column passes the 2 GiB of 32-bit offsets.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeRows(const RowLayout& layout,
                                                       std::span<const RowSpan> spans,
                                                       arrow::MemoryPool* pool);

// Bytes of the encoded row that begins at `row`.
int64_t EncodedRowBytes(const uint8_t* row);

}  // namespace headrace
