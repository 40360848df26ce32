#include "sink/parquet/row_group_encoder.h"

#include <parquet/exception.h>

#include <algorithm>

#include "sink/out_of_memory.h"
#include "sink/parquet/column_encoder.h"
#include "sink/parquet/nested_row_group.h"

namespace headrace {
namespace {

Status AsOurs(const Status& status, const std::string& column) {
  if (status.IsNotImplemented()) {
    return MakeError(
        ErrorKind::kInvalidPlan, 212,
        "Parquet cannot hold this column's type: column '{}' ({}); cast or drop the column", column,
        status.message());
  }
  return WithKind(status, ErrorKind::kInternal, 902, "encoding Parquet column '" + column + "'");
}

}  // namespace

class RowGroupEncoder::State {
 public:
  std::shared_ptr<const ParquetLayout> layout;
  arrow::MemoryPool* pool = nullptr;
  std::unique_ptr<FlatColumnEncoder> columns;

  Result<EncodedColumn> EncodeColumn(
      int index, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    arrow::ArrayVector chunks;
    for (const auto& batch : batches) {
      if (batch->num_rows() > 0) chunks.push_back(batch->column(index));
    }
    try {
      return columns->Encode(index, std::move(chunks));
    } catch (const parquet::ParquetStatusException& error) {
      return error.status();
    } catch (const std::bad_alloc&) {
      return OutOfSinkMemory("the column's pages");
    } catch (const std::exception& error) {
      return Status::UnknownError(error.what());
    }
  }

  Result<EncodedRowGroup> EncodeNested(
      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    try {
      return EncodeNestedRowGroup(*layout, batches, pool);
    } catch (const parquet::ParquetStatusException& error) {
      return error.status();
    } catch (const std::bad_alloc&) {
      return OutOfSinkMemory("the pages of nested columns");
    } catch (const std::exception& error) {
      return Status::UnknownError(error.what());
    }
  }
};

int64_t EncodedRowGroup::compressed_bytes() const {
  int64_t bytes = 0;
  for (const EncodedColumn& column : columns) bytes += column.compressed_bytes;
  return bytes;
}

int64_t EncodedRowGroup::uncompressed_bytes() const {
  int64_t bytes = 0;
  for (const EncodedColumn& column : columns) bytes += column.uncompressed_bytes;
  return bytes;
}

RowGroupEncoder::RowGroupEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowGroupEncoder::~RowGroupEncoder() = default;

Result<std::unique_ptr<RowGroupEncoder>> RowGroupEncoder::Make(
    std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool) {
  auto state = std::make_unique<State>();
  state->pool = pool;
  ARROW_ASSIGN_OR_RAISE(state->columns, FlatColumnEncoder::Make(layout, pool));
  state->layout = std::move(layout);
  return std::unique_ptr<RowGroupEncoder>(new RowGroupEncoder(std::move(state)));
}

Result<EncodedRowGroup> RowGroupEncoder::Encode(
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  EncodedRowGroup row_group;
  for (const auto& batch : batches) row_group.rows += batch->num_rows();
  HEADRACE_CHECK(row_group.rows > 0);
  if (!state_->layout->is_flat()) {
    auto nested = state_->EncodeNested(batches);
    return nested.ok() ? std::move(nested)
                       : Result<EncodedRowGroup>(AsOurs(nested.status(), "nested"));
  }
  const int columns = state_->layout->leaf_count();
  row_group.columns.reserve(columns);
  for (int i = 0; i < columns; ++i) {
    auto column = state_->EncodeColumn(i, batches);
    if (!column.ok()) return AsOurs(column.status(), state_->layout->schema()->field(i)->name());
    HEADRACE_CHECK(column->values == row_group.rows);
    row_group.columns.push_back(std::move(column).ValueUnsafe());
  }
  return row_group;
}

int64_t RowGroupEncoderBytesMax(int64_t arrow_bytes, int columns, const ParquetOptions& options) {
  // One column's page being filled, its joined levels and values, its compressed form, the
  // converted values and the dictionary's table; beside that the result, which codecs never make
  // more than a little larger than the input.
  const int64_t scratch =
      4 * options.data_page_bytes + 8 * options.dictionary_page_bytes + 512 * 1024;
  return scratch + arrow_bytes + arrow_bytes / 64 + columns * int64_t{1024};
}

}  // namespace headrace
