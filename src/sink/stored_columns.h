// The columns as they are stored: plain layouts, in memory of the sink's own.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace headrace {

// The schema that files get: dictionaries as their values, views as plain strings and binaries.
std::shared_ptr<arrow::Schema> StoredSchema(const arrow::Schema& schema);

// Whether a column has views anywhere in its type: only nested ones stay in a stored schema.
bool HasViews(const arrow::Schema& schema);

// The rows in the stored schema. Columns that are stored as they come are shared with `batch`.
// Threads: any. Errors: OutOfMemory from the pool.
Result<std::shared_ptr<arrow::RecordBatch>> ConvertToStored(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::shared_ptr<arrow::Schema>& stored,
    arrow::MemoryPool* pool);

// The same, sharing no buffer with `batch`: what is kept for longer than its turn must not pin the
// whole of it.
Result<std::shared_ptr<arrow::RecordBatch>> CopyToStored(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::shared_ptr<arrow::Schema>& stored,
    arrow::MemoryPool* pool);

// Slices of at most `bytes_max` by the average row, one row at least; the batch itself when it is
// small enough.
std::vector<std::shared_ptr<arrow::RecordBatch>> SliceByBytes(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t bytes_max);

}  // namespace headrace
