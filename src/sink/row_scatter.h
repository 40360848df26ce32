// A batch with the rows of one partition behind each other, as columns or as encoded rows.
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
  int64_t begin = 0;  // places in the order of the rows
  int64_t end = 0;
};

struct GroupedRows {
  explicit GroupedRows(arrow::MemoryPool* pool) : runs(arrow::stl::allocator<PartitionRun>(pool)) {}
  int64_t rows() const { return columns->num_rows(); }

  std::shared_ptr<arrow::RecordBatch> columns;  // those that are stored
  // int32, which row of `columns` stands at each place; null: they are in order.
  std::shared_ptr<arrow::Buffer> order;
  std::vector<PartitionRun, arrow::stl::allocator<PartitionRun>> runs;  // one per partition
};

// Role: the part of routing that needs no order between workers: partition of every row, rows
// grouped by partition in their own order. Immutable. Threads: any. Errors: as
// PartitionTable::Find; OutOfMemory from the pool.
class RowScatter {
 public:
  RowScatter(const PartitionColumns* columns, std::shared_ptr<const RowLayout> layout,
             PartitionTable* table, arrow::MemoryPool* pool)
      : columns_(columns), layout_(std::move(layout)), table_(table), pool_(pool) {}

  // Shares buffers with `batch`. A batch of one partition is in order as it is.
  Result<GroupedRows> Group(const std::shared_ptr<arrow::RecordBatch>& batch) const;
  // The rows in order, in memory of the sink's own.
  Status PutInOrder(GroupedRows* grouped) const;
  Result<EncodedRows> Encode(const GroupedRows& grouped) const;

 private:
  Status GroupRows(Partition* const* found, int64_t rows, GroupedRows* out) const;

  const PartitionColumns* columns_;
  std::shared_ptr<const RowLayout> layout_;
  PartitionTable* table_;
  arrow::MemoryPool* pool_;
};

}  // namespace headrace
