#include "source/parquet/row_group_reader.h"

#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/cast.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

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
  rows_ = rows_left_ = metadata->num_rows();
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(
      builder.Open(file_->input(), MakeReaderProperties(pool_), std::move(metadata)));
  ARROW_ASSIGN_OR_RAISE(
      reader_, builder.memory_pool(pool_)->properties(MakeArrowReaderProperties())->Build());
  for (const auto& field : schema_->fields()) {
    const int index = file_->schema()->GetFieldIndex(field->name());
    auto& column = columns_.emplace_back();
    if (index < 0) continue;  // this file has no such column
    ARROW_RETURN_NOT_OK(reader_->GetColumn(index, &column));
  }
  return Status::OK();
}

std::string RowGroupReader::PlaceOf(int index) const {
  return fmt::format("row group {}, column '{}', from row {}", row_group_,
                     schema_->field(index)->name(), rows_ - rows_left_);
}

Status RowGroupReader::CheckText(int index, const arrow::ChunkedArray& column) const {
  int64_t row = rows_ - rows_left_;
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

Result<std::shared_ptr<arrow::ChunkedArray>> RowGroupReader::ReadColumn(int index, int64_t rows) {
  const auto& field = schema_->field(index);
  if (columns_[index] == nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(field->type(), rows, pool_));
    return std::make_shared<arrow::ChunkedArray>(std::move(nulls));
  }
  std::shared_ptr<arrow::ChunkedArray> column;
  ARROW_RETURN_NOT_OK(columns_[index]->NextBatch(rows, &column));
  if (column->length() != rows) {
    return Status::Invalid("the column ends ", rows - column->length(), " rows early");
  }
  if (!column->type()->Equals(*field->type())) {
    arrow::compute::ExecContext context(pool_, /*executor=*/nullptr);
    context.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        const auto cast,
        arrow::compute::Cast(column, arrow::compute::CastOptions::Safe(field->type()), &context));
    column = cast.chunked_array();
  }
  ARROW_RETURN_NOT_OK(CheckText(index, *column));
  return column;
}

Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> RowGroupReader::Read(int64_t rows) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  arrow::ChunkedArrayVector columns;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    ARROW_RETURN_NOT_OK(AtParquetSeam(file_->path(), PlaceOf(i), [&] {
      return ReadColumn(i, rows).Value(&columns.emplace_back());
    }));
  }
  ARROW_RETURN_NOT_OK(
      AtParquetSeam(file_->path(), fmt::format("row group {}", row_group_), [&]() -> Status {
        const auto table = arrow::Table::Make(schema_, std::move(columns), rows);
        if (schema_->num_fields() == 0) {
          batches.push_back(arrow::RecordBatch::Make(schema_, rows, arrow::ArrayVector{}));
          return Status::OK();
        }
        arrow::TableBatchReader reader(*table);
        for (std::shared_ptr<arrow::RecordBatch> batch;;) {
          ARROW_RETURN_NOT_OK(reader.ReadNext(&batch));
          if (!batch) return Status::OK();
          batches.push_back(std::move(batch));
        }
      }));
  rows_left_ -= rows;
  return batches;
}

}  // namespace headrace
