#include "source/parquet/row_group_reader.h"

#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/cast.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "source/parquet/text_rows.h"
#include "source/text_check.h"

namespace headrace {
namespace {

// The first `rows`; nullptr stands for none.
void DropRows(int64_t rows, std::shared_ptr<arrow::ChunkedArray>* ahead) {
  if (*ahead != nullptr) *ahead = (*ahead)->length() > rows ? (*ahead)->Slice(rows) : nullptr;
}

}  // namespace

std::shared_ptr<arrow::DataType> DeliveredType(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() != arrow::Type::DICTIONARY) return type;
  return DeliveredType(static_cast<const arrow::DictionaryType&>(*type).value_type());
}

RowGroupReader::~RowGroupReader() = default;

Result<std::unique_ptr<RowGroupReader>> RowGroupReader::Open(std::shared_ptr<ParquetFile> file,
                                                             int row_group,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             arrow::MemoryPool* pool,
                                                             BeforeHugePage before_huge_page) {
  std::unique_ptr<RowGroupReader> reader(new RowGroupReader());
  reader->file_ = std::move(file);
  reader->row_group_ = row_group;
  reader->schema_ = std::move(schema);
  reader->pool_ = pool;
  reader->before_huge_page_ = std::move(before_huge_page);
  const std::string& path = reader->file_->path();
  ARROW_RETURN_NOT_OK(AtParquetSeam(path, fmt::format("row group {}", row_group),
                                    [&] { return reader->OpenColumns(row_group); }));
  return reader;
}

Status RowGroupReader::OpenColumns(int row_group) {
  // A footer of this row group alone: whatever iterates "all row groups" then reads just this one.
  auto metadata = file_->metadata()->Subset({row_group});
  rows_ = metadata->num_rows();
  const auto row_group_metadata = metadata->RowGroup(0);
  PageCursors by_leaf(metadata->num_columns(), nullptr);
  std::vector<PageCursor*> by_column;
  std::vector<int> leaves;
  for (const auto& field : schema_->fields()) {
    const int leaf = leaves.emplace_back(FlatLeaf(*metadata->schema(), field->name()));
    by_column.push_back(nullptr);
    if (leaf < 0) continue;
    cursors_.push_back(std::make_unique<PageCursor>());
    by_leaf[leaf] = by_column.back() = cursors_.back().get();
    const auto chunk = row_group_metadata->ColumnChunk(leaf);
    by_leaf[leaf]->value_bytes =
        std::min(chunk->total_uncompressed_size() / std::max<int64_t>(1, chunk->num_values()),
                 PageCursor::kValueBytesMax);
    by_leaf[leaf]->before = &before_huge_page_;
  }
  auto opened =
      parquet::ParquetFileReader::Open(file_->input(), MakeReaderProperties(pool_), metadata);
  ARROW_ASSIGN_OR_RAISE(reader_, parquet::arrow::FileReader::Make(
                                     pool_, WithPageCursors(std::move(opened), std::move(by_leaf)),
                                     MakeArrowReaderProperties()));
  for (int i = 0; i < schema_->num_fields(); ++i) {
    columns_.emplace_back();
    ARROW_RETURN_NOT_OK(OpenColumn(i, *row_group_metadata, leaves[i], by_column[i]));
  }
  ahead_.resize(columns_.size());
  return Status::OK();
}

Status RowGroupReader::OpenColumn(int index, const parquet::RowGroupMetaData& metadata, int leaf,
                                  PageCursor* cursor) {
  const int field = file_->schema()->GetFieldIndex(schema_->field(index)->name());
  if (field < 0) return Status::OK();
  auto type = DeliveredType(file_->schema()->field(field)->type());
  if (TextPages::CanRead(*file_, leaf, *type)) {
    columns_[index] = MakeTextRows(
        std::make_unique<TextPages>(*file_, metadata, leaf, cursor, pool_), std::move(type), pool_);
    return Status::OK();
  }
  std::unique_ptr<parquet::arrow::ColumnReader> decoder;
  ARROW_RETURN_NOT_OK(reader_->GetColumn(field, &decoder));
  columns_[index] = std::make_unique<LibraryRows>(std::move(decoder), cursor);
  return Status::OK();
}

void RowGroupReader::SkipTo(int64_t row) {
  for (auto& ahead : ahead_) DropRows(row - next_row_, &ahead);
  next_row_ = row;
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

Result<std::shared_ptr<arrow::ChunkedArray>> RowGroupReader::DecodeColumn(int index, int64_t rows,
                                                                          int64_t text_bytes_max) {
  if (columns_[index] == nullptr) return NullColumn(index, rows);
  const auto& type = schema_->field(index)->type();
  ARROW_ASSIGN_OR_RAISE(auto column,
                        columns_[index]->Read({next_row_, next_row_ + rows}, text_bytes_max));
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

Result<std::shared_ptr<arrow::ChunkedArray>> RowGroupReader::ReadColumn(int index, int64_t* rows,
                                                                        int64_t text_bytes_max) {
  auto column = std::move(ahead_[index]);
  if (column == nullptr) {
    ARROW_RETURN_NOT_OK(AtParquetSeam(file_->path(), PlaceOf(index), [&] {
      return DecodeColumn(index, *rows, text_bytes_max).Value(&column);
    }));
  }
  *rows = std::min(*rows, column->length());
  return column;
}

Result<RowGroupReader::Batches> RowGroupReader::FinishRows(arrow::ChunkedArrayVector columns,
                                                           int64_t rows) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]->length() == rows) continue;
    ahead_[i] = columns[i]->Slice(rows);
    columns[i] = columns[i]->Slice(0, rows);
  }
  ARROW_ASSIGN_OR_RAISE(auto batches, MakeBatches(schema_, std::move(columns), rows));
  next_row_ += rows;
  return batches;
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

Result<RowGroupReader::Batches> RowGroupReader::Read(int64_t rows, int64_t text_bytes_max) {
  arrow::ChunkedArrayVector columns(schema_->num_fields());
  for (int i = 0; i < schema_->num_fields(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns[i], ReadColumn(i, &rows, text_bytes_max));
  }
  return FinishRows(std::move(columns), rows);
}

Result<RowGroupReader::Batches> RowGroupReader::ReadWanted(int64_t rows, int64_t text_bytes_max,
                                                           const RowsWanted& wanted, bool* found) {
  arrow::ChunkedArrayVector columns(schema_->num_fields());
  arrow::ChunkedArrayVector first_columns;
  arrow::FieldVector first_fields;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    if (!wanted.columns[i]) continue;
    ARROW_ASSIGN_OR_RAISE(columns[i], ReadColumn(i, &rows, text_bytes_max));
    first_fields.push_back(schema_->field(i));
  }
  for (const auto& column : columns) {
    if (column != nullptr) first_columns.push_back(column->Slice(0, rows));
  }
  ARROW_ASSIGN_OR_RAISE(const auto first, MakeBatches(arrow::schema(std::move(first_fields)),
                                                      std::move(first_columns), rows));
  *found = std::any_of(first.begin(), first.end(),
                       [&](const auto& batch) { return wanted.any(*batch); });
  for (int i = 0; i < schema_->num_fields(); ++i) {
    if (wanted.columns[i]) continue;
    if (*found) {
      ARROW_ASSIGN_OR_RAISE(columns[i], ReadColumn(i, &rows, text_bytes_max));
      continue;
    }
    DropRows(rows, &ahead_[i]);
    ARROW_ASSIGN_OR_RAISE(columns[i], NullColumn(i, rows));
  }
  return FinishRows(std::move(columns), rows);
}

}  // namespace headrace
