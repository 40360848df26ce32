// Row groups with nested columns: encoded as a file of their own in memory, then taken apart.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <memory>
#include <vector>

#include "sink/parquet/row_group_encoder.h"

namespace headrace {

// Lists, structs and maps need repetition levels over whole trees, which the library's file writer
// knows how to make. It gets a file in memory with this single row group; the column chunks are
// slices of it. Costs a growing buffer of the compressed size beside the result. Errors: as
// RowGroupEncoder; exceptions of the library pass through.
Result<EncodedRowGroup> EncodeNestedRowGroup(
    const ParquetLayout& layout, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    arrow::MemoryPool* pool);

}  // namespace headrace
