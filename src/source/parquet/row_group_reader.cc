#include "source/parquet/row_group_reader.h"

#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/cast.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "source/text_check.h"

namespace headrace {

std::shared_ptr<arrow::DataType> DeliveredType(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() != arrow::Type::DICTIONARY) return type;
  return DeliveredType(static_cast<const arrow::DictionaryType&>(*type).value_type());
}

RowGroupReader::~RowGroupReader() = default;

Result<std::unique_ptr<RowGroupReader>> RowGroupReader::Open(std::shared_ptr<ParquetFile> file,
                                                             int row_group,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             arrow::MemoryPool* pool) {
  std::unique_ptr<RowGroupReader> reader(new RowGroupReader());
  reader->file_ = std::move(file);
  reader->row_group_ = row_group;
  reader->schema_ = std::move(schema);
  reader->pool_ = pool;
  const std::string& path = reader->file_->path();
  ARROW_RETURN_NOT_OK(AtParquetSeam(path, fmt::format("row group {}", row_group),
                                    [&] { return reader->OpenColumns(row_group); }));
  return reader;
}

Status RowGroupReader::OpenColumns(int row_group) {
  // A footer of this row group alone: whatever iterates "all row groups" then reads just this one.
  auto metadata = file_->metadata()->Subset({row_group});
  rows_ = metadata->num_rows();
  PageCursors by_leaf(metadata->num_columns(), nullptr);
  std::vector<PageCursor*> by_column;
  for (const auto& field : schema_->fields()) {
    const int leaf = FlatLeaf(*metadata->schema(), field->name());
    by_column.push_back(nullptr);
    if (leaf < 0) continue;
    cursors_.push_back(std::make_unique<PageCursor>());
    by_leaf[leaf] = by_column.back() = cursors_.back().get();
  }
  auto opened = parquet::ParquetFileReader::Open(file_->input(), MakeReaderProperties(pool_),
                                                 std::move(metadata));
  ARROW_ASSIGN_OR_RAISE(reader_, parquet::arrow::FileReader::Make(
                                     pool_, WithPageCursors(std::move(opened), std::move(by_leaf)),
                                     MakeArrowReaderProperties()));
  for (int i = 0; i < schema_->num_fields(); ++i) {
    const int index = file_->schema()->GetFieldIndex(schema_->field(i)->name());
    auto& column = columns_.emplace_back();
    if (index < 0) continue;
    std::unique_ptr<parquet::arrow::ColumnReader> decoder;
    ARROW_RETURN_NOT_OK(reader_->GetColumn(index, &decoder));
    column = std::make_unique<ColumnRows>(std::move(decoder), by_column[i]);
  }
  return Status::OK();
}

std::string RowGroupReader::PlaceOf(int index) const {
  return fmt::format("row group {}, column '{}', from row {}", row_group_,
                     schema_->field(index)->name(), next_row_);
}

Status RowGroupReader::CheckText(int index, const arrow::ChunkedArray& column) const {
  int64_t row = next_row_;
  for (const auto& chunk : column.chunks()) {
    if (const auto found = FindRowNotUtf8(*chunk)) {
      return MakeError(ErrorKind::kBadInput, 522,
                       "text in a Parquet file is not UTF-8: {}, row group {}, column '{}', row {} "
                       "of the row group; write the file anew with valid text or with the column "
                       "as bytes, or leave the column out",
                       file_->path(), row_group_, schema_->field(index)->name(), row + *found);
    }
    row += chunk->length();
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::ChunkedArray>> RowGroupReader::NullColumn(int index,
                                                                        int64_t rows) const {
  ARROW_ASSIGN_OR_RAISE(auto nulls,
                        arrow::MakeArrayOfNull(schema_->field(index)->type(), rows, pool_));
  return std::make_shared<arrow::ChunkedArray>(std::move(nulls));
}

Result<std::shared_ptr<arrow::ChunkedArray>> RowGroupReader::DecodeColumn(int index, int64_t rows) {
  if (columns_[index] == nullptr) return NullColumn(index, rows);
  const auto& type = schema_->field(index)->type();
  ARROW_ASSIGN_OR_RAISE(auto column, columns_[index]->Read({next_row_, next_row_ + rows}));
  if (!column->type()->Equals(*type)) {
    arrow::compute::ExecContext context(pool_, /*executor=*/nullptr);
    context.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        const auto cast,
        arrow::compute::Cast(column, arrow::compute::CastOptions::Safe(type), &context));
    column = cast.chunked_array();
  }
  ARROW_RETURN_NOT_OK(CheckText(index, *column));
  return column;
}

Result<std::shared_ptr<arrow::ChunkedArray>> RowGroupReader::ReadColumn(int index, int64_t rows) {
  std::shared_ptr<arrow::ChunkedArray> column;
  ARROW_RETURN_NOT_OK(AtParquetSeam(file_->path(), PlaceOf(index),
                                    [&] { return DecodeColumn(index, rows).Value(&column); }));
  return column;
}

Result<RowGroupReader::Batches> RowGroupReader::MakeBatches(std::shared_ptr<arrow::Schema> schema,
                                                            arrow::ChunkedArrayVector columns,
                                                            int64_t rows) const {
  if (columns.empty()) {
    return Batches{arrow::RecordBatch::Make(std::move(schema), rows, arrow::ArrayVector{})};
  }
  const auto table = arrow::Table::Make(std::move(schema), std::move(columns), rows);
  Batches batches;
  arrow::TableBatchReader reader(*table);
  for (std::shared_ptr<arrow::RecordBatch> batch;;) {
    ARROW_RETURN_NOT_OK(reader.ReadNext(&batch));
    if (!batch) return batches;
    batches.push_back(std::move(batch));
  }
}

Result<RowGroupReader::Batches> RowGroupReader::Read(int64_t rows) {
  arrow::ChunkedArrayVector columns(schema_->num_fields());
  for (int i = 0; i < schema_->num_fields(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns[i], ReadColumn(i, rows));
  }
  ARROW_ASSIGN_OR_RAISE(auto batches, MakeBatches(schema_, std::move(columns), rows));
  next_row_ += rows;
  return batches;
}

Result<RowGroupReader::Batches> RowGroupReader::ReadWanted(int64_t rows, const RowsWanted& wanted,
                                                           bool* found) {
  arrow::ChunkedArrayVector columns(schema_->num_fields());
  arrow::ChunkedArrayVector first_columns;
  arrow::FieldVector first_fields;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    if (!wanted.columns[i]) continue;
    ARROW_ASSIGN_OR_RAISE(columns[i], ReadColumn(i, rows));
    first_columns.push_back(columns[i]);
    first_fields.push_back(schema_->field(i));
  }
  ARROW_ASSIGN_OR_RAISE(const auto first, MakeBatches(arrow::schema(std::move(first_fields)),
                                                      std::move(first_columns), rows));
  *found = std::any_of(first.begin(), first.end(),
                       [&](const auto& batch) { return wanted.any(*batch); });
  for (int i = 0; i < schema_->num_fields(); ++i) {
    if (wanted.columns[i]) continue;
    ARROW_ASSIGN_OR_RAISE(columns[i], *found ? ReadColumn(i, rows) : NullColumn(i, rows));
  }
  ARROW_ASSIGN_OR_RAISE(auto batches, MakeBatches(schema_, std::move(columns), rows));
  next_row_ += rows;
  return batches;
}

}  // namespace headrace
