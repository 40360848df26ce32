// Some rows of a batch as a batch of their own.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"

namespace headrace {

// The rows at `places` (of the batch, any order), copied into buffers of exactly their size from
// `pool`. What a batch of some thousand rows holds
// most, numbers, times and text, is copied here: the library's kernels take longer to be called
// than for that. Other types are left to them. Errors: OutOfMemory.
Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(const arrow::RecordBatch& batch,
                                                     std::span<const int32_t> places,
                                                     arrow::MemoryPool* pool);

}  // namespace headrace
