// Where the keys of a batch change: neighbours mostly have the same, and each run is looked up
// once.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"

namespace headrace {

// Row numbers, ascending from 0.
struct KeyRuns {
  std::shared_ptr<arrow::Buffer> starts;  // int32
  int64_t count = 0;

  std::span<const int32_t> rows() const {
    return {starts->data_as<int32_t>(), static_cast<size_t>(count)};
  }
};

// The rows whose key is not bit for bit that of the row before. A run may be cut (-0.0 beside 0.0),
// never joined. `rows` is at least 1. Threads: any. Errors: OutOfMemory from the pool.
Result<KeyRuns> FindKeyRuns(const arrow::ArrayVector& key_columns, int64_t rows,
                            arrow::MemoryPool* pool);

}  // namespace headrace
