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

struct RowLayouts {
  std::shared_ptr<const RowLayout> stored;
  std::shared_ptr<const RowLayout> whole;  // of deferred rows: the keys too
};

struct PartitionRun {
  Partition* partition = nullptr;
  int64_t begin = 0;  // places in the order of the rows
  int64_t end = 0;
};

struct GroupedRows {
  explicit GroupedRows(arrow::MemoryPool* pool) : runs(arrow::stl::allocator<PartitionRun>(pool)) {}
  int64_t rows() const { return columns->num_rows(); }

  std::shared_ptr<arrow::RecordBatch> columns;  // those that are stored
  std::shared_ptr<arrow::RecordBatch> whole;    // with the keys; null: no row is deferred
  int64_t deferred_begin = 0;  // place of the first deferred row, behind the others
  // int32, which row of `columns` stands at each place; null: they are in order.
  std::shared_ptr<arrow::Buffer> order;
  std::vector<PartitionRun, arrow::stl::allocator<PartitionRun>> runs;  // one per partition
};

struct ScatteredRows {
  EncodedRows rows;      // of partitions, as they are stored
  EncodedRows deferred;  // with their keys
};

// Role: the part of routing that needs no order between workers: partition of every row, rows
// grouped by partition in their own order. Immutable. Threads: any. Errors: as
// PartitionTable::Find; OutOfMemory from the pool.
class RowScatter {
 public:
  RowScatter(const PartitionColumns* columns, RowLayouts layouts, PartitionTable* table,
             arrow::MemoryPool* pool)
      : columns_(columns), layouts_(std::move(layouts)), table_(table), pool_(pool) {}

  // Shares buffers with `batch`. A batch of one partition is in order as it is.
  Result<GroupedRows> Group(const std::shared_ptr<arrow::RecordBatch>& batch) const;
  // The rows in order, in memory of the sink's own.
  Status PutInOrder(GroupedRows* grouped) const;
  Result<ScatteredRows> Encode(const GroupedRows& grouped) const;

 private:
  Status GroupRows(Partition* const* found, int64_t rows, GroupedRows* out) const;

  const PartitionColumns* columns_;
  RowLayouts layouts_;
  PartitionTable* table_;
  arrow::MemoryPool* pool_;
};

}  // namespace headrace
