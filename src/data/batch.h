// Batch: the unit that travels from source to sink.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>

namespace headrace {

// Immutable Arrow columns plus where they came from. Its memory is charged to the StagePool its
// buffers came from until the last reference goes, so what is in flight is counted without a second
// account. A slice pins the whole batch: whoever keeps rows for longer than its turn copies them
// into its own memory. Size is decided once, by the source: at most `chunk_size` rows and at most
// the run's batch bytes.
struct Batch {
  std::shared_ptr<arrow::RecordBatch> columns;  // null: no rows
  // Only between a source and the driver: input records of the same stretch that could not become
  // rows (source/rejects.h). Null: none.
  std::shared_ptr<arrow::RecordBatch> rejects = nullptr;
  int64_t rows() const { return columns ? columns->num_rows() : 0; }
};

}  // namespace headrace
