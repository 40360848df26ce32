#include "sink/row_scatter.h"

#include <arrow/array/array_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>

#include <algorithm>
#include <numeric>

#include "sink/out_of_memory.h"
#include "sink/stored_columns.h"

namespace headrace {

Result<GroupedRows> RowScatter::Group(const std::shared_ptr<arrow::RecordBatch>& batch) const {
  const int64_t rows = batch->num_rows();
  ARROW_ASSIGN_OR_RAISE(const auto stored, ConvertToStored(batch, columns_->all, pool_));
  arrow::ArrayVector key_columns;
  for (const int index : columns_->key_indices) key_columns.push_back(stored->column(index));
  ARROW_ASSIGN_OR_RAISE(
      const auto found,
      arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(Partition*)), pool_));
  auto** partitions = found->mutable_data_as<Partition*>();
  ARROW_RETURN_NOT_OK(table_->Find(key_columns, rows, partitions));

  GroupedRows grouped(pool_);
  try {
    ARROW_RETURN_NOT_OK(GroupRows(partitions, rows, &grouped));
  } catch (const std::bad_alloc&) {
    return OutOfSinkMemory("the partitions of a batch");
  }
  arrow::ArrayVector data_columns;
  for (const int index : columns_->stored_indices) data_columns.push_back(stored->column(index));
  grouped.columns = arrow::RecordBatch::Make(columns_->stored, rows, std::move(data_columns));
  if (grouped.deferred_begin < rows) grouped.whole = stored;
  return grouped;
}

Status RowScatter::GroupRows(Partition* const* found, int64_t rows, GroupedRows* out) const {
  auto& runs = out->runs;
  out->deferred_begin = rows;
  if (std::all_of(found, found + rows, [&](const Partition* one) { return one == found[0]; })) {
    runs.push_back({found[0], 0, rows});
    if (found[0]->is_deferred()) out->deferred_begin = 0;
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(out->order, arrow::AllocateBuffer(rows * 4, pool_));
  auto* order = out->order->mutable_data_as<int32_t>();
  uint32_t ids = 0;
  for (int64_t row = 0; row < rows; ++row) ids = std::max(ids, found[row]->id + 1);
  // By partition id: its run, as a number from 1.
  ARROW_ASSIGN_OR_RAISE(const auto run_numbers, arrow::AllocateBuffer(int64_t{ids} * 4, pool_));
  auto* run_of = run_numbers->mutable_data_as<uint32_t>();
  std::fill_n(run_of, ids, 0U);
  for (int64_t row = 0; row < rows; ++row) {
    uint32_t& run = run_of[found[row]->id];
    if (run == 0) {
      runs.push_back({found[row], 0, 0});
      run = static_cast<uint32_t>(runs.size());
    }
    ++runs[run - 1].end;  // a count until the begins are known
  }
  int64_t begin = 0;
  for (const bool deferred : {false, true}) {
    if (deferred) out->deferred_begin = begin;
    for (PartitionRun& run : runs) {
      if (run.partition->is_deferred() != deferred) continue;
      const int64_t count = run.end;
      run.begin = run.end = begin;
      begin += count;
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    order[runs[run_of[found[row]->id] - 1].end++] = static_cast<int32_t>(row);
  }
  return Status::OK();
}

Status RowScatter::PutInOrder(GroupedRows* grouped) const {
  if (grouped->order == nullptr) {
    ARROW_ASSIGN_OR_RAISE(grouped->columns,
                          CopyToStored(grouped->columns, columns_->stored, pool_));
    return Status::OK();
  }
  arrow::compute::ExecContext context(pool_);
  context.set_use_threads(false);
  const auto order = std::make_shared<arrow::Int32Array>(grouped->rows(), grouped->order);
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum taken,
      arrow::compute::Take(grouped->columns, order, arrow::compute::TakeOptions::NoBoundsCheck(),
                           &context));
  grouped->columns = taken.record_batch();
  grouped->order.reset();
  return Status::OK();
}

Result<ScatteredRows> RowScatter::Encode(const GroupedRows& grouped) const {
  const int64_t rows = grouped.rows();
  std::shared_ptr<arrow::Buffer> order = grouped.order;
  if (order == nullptr) {
    ARROW_ASSIGN_OR_RAISE(order, arrow::AllocateBuffer(rows * 4, pool_));
    auto* indices = order->mutable_data_as<int32_t>();
    std::iota(indices, indices + rows, 0);
  }
  const std::span<const int32_t> places(order->data_as<int32_t>(), static_cast<size_t>(rows));
  const auto stored = static_cast<size_t>(grouped.deferred_begin);
  ScatteredRows scattered;
  if (stored > 0) {
    ARROW_ASSIGN_OR_RAISE(scattered.rows, EncodeRows(*layouts_.stored, grouped.columns->columns(),
                                                     places.first(stored), pool_));
  }
  if (grouped.whole != nullptr) {
    ARROW_ASSIGN_OR_RAISE(scattered.deferred, EncodeRows(*layouts_.whole, grouped.whole->columns(),
                                                         places.subspan(stored), pool_));
  }
  return scattered;
}

}  // namespace headrace
