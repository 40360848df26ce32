// A batch as encoded rows, those of one partition behind each other.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/stl_allocator.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "data/row_codec.h"
#include "sink/partition_keys.h"
#include "sink/partition_table.h"

namespace headrace {

struct PartitionRun {
  Partition* partition = nullptr;
  int64_t begin = 0;  // row numbers in ScatteredRows::rows
  int64_t end = 0;
};

struct ScatteredRows {
  explicit ScatteredRows(arrow::MemoryPool* pool)
      : runs(arrow::stl::allocator<PartitionRun>(pool)) {}

  EncodedRows rows;
  std::vector<PartitionRun, arrow::stl::allocator<PartitionRun>> runs;  // one per partition
};

// Role: the part of routing that needs no order between workers: partition of every row, rows
// grouped by partition in their own order, encoded. Immutable. Threads: any. Errors: as
// PartitionTable::Find; OutOfMemory from the pool.
class RowScatter {
 public:
  RowScatter(const PartitionColumns* columns, std::shared_ptr<const RowLayout> layout,
             PartitionTable* table, arrow::MemoryPool* pool)
      : columns_(columns), layout_(std::move(layout)), table_(table), pool_(pool) {}

  Result<ScatteredRows> Scatter(const std::shared_ptr<arrow::RecordBatch>& batch) const;

 private:
  // Fills `order` with row numbers grouped by partition, and the runs.
  Status GroupRows(Partition* const* found, int64_t rows, int32_t* order, ScatteredRows* out) const;

  const PartitionColumns* columns_;
  std::shared_ptr<const RowLayout> layout_;
  PartitionTable* table_;
  arrow::MemoryPool* pool_;
};

}  // namespace headrace
