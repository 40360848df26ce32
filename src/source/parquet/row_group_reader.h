// RowGroupReader: one row group's wanted columns, a batch of rows at a time.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "source/parquet/column_rows.h"
#include "source/parquet/parquet_file.h"

namespace parquet::arrow {
class FileReader;
}  // namespace parquet::arrow

namespace headrace {

// Says of rows, of which only some columns are there, whether any is wanted.
struct RowsWanted {
  std::vector<bool> columns;  // by field of the reader's schema: what has to be there
  // `rows` have these columns in the reader's order. A failure counts as "wanted": whoever filters
  // the rows will tell it.
  std::function<bool(const arrow::RecordBatch& rows)> any;
};

// Role: decodes `columns` of a row group page by page, so it holds one page per column plus the
// batch, however large the row group is; of a huge text that is most of its page only the page. The
// caller decides the size of every batch anew. Owner: one worker, for one row group. Threads: one.
// Errors: BadInput naming file and row group for damaged pages and for text that is not UTF-8;
// OutOfMemory when the pool refuses what a page claims.
class RowGroupReader {
 public:
  using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  // `schema` has the wanted columns by name, with the types to deliver.
  static Result<std::unique_ptr<RowGroupReader>> Open(std::shared_ptr<ParquetFile> file,
                                                      int row_group,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      arrow::MemoryPool* pool,
                                                      BeforeHugePage before_huge_page = nullptr);
  ~RowGroupReader();

  int64_t rows() const { return rows_; }
  int64_t next_row() const { return next_row_; }
  int64_t rows_left() const { return rows_ - next_row_; }
  // Leaves out the rows before `row`. Pages that hold nothing else are not unpacked.
  void SkipTo(int64_t row);
  // The next `rows` rows, at most rows_left(), as one or several batches. Fewer, one at least,
  // where the texts of a column have more than about `text_bytes_max`.
  Result<Batches> Read(int64_t rows, int64_t text_bytes_max);
  // The same, but of rows none of which is wanted the other columns are left out: they are NULL.
  // `found` says whether one was wanted.
  Result<Batches> ReadWanted(int64_t rows, int64_t text_bytes_max, const RowsWanted& wanted,
                             bool* found);

 private:
  RowGroupReader() = default;
  Status OpenColumns(int row_group);
  std::string PlaceOf(int index) const;
  Status CheckText(int index, const arrow::ChunkedArray& column) const;
  Status OpenColumn(int index, const parquet::RowGroupMetaData& metadata, int leaf,
                    PageCursor* cursor);
  Result<std::shared_ptr<arrow::ChunkedArray>> DecodeColumn(int index, int64_t rows,
                                                            int64_t text_bytes_max);
  // Lowers `rows` to those there are of the column.
  Result<std::shared_ptr<arrow::ChunkedArray>> ReadColumn(int index, int64_t* rows,
                                                          int64_t text_bytes_max);
  // All columns become `rows` long; what is more is given out the next time.
  Result<Batches> FinishRows(arrow::ChunkedArrayVector columns, int64_t rows);
  Result<std::shared_ptr<arrow::ChunkedArray>> NullColumn(int index, int64_t rows) const;
  Result<Batches> MakeBatches(std::shared_ptr<arrow::Schema> schema,
                              arrow::ChunkedArrayVector columns, int64_t rows) const;

  std::shared_ptr<ParquetFile> file_;
  int row_group_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::MemoryPool* pool_ = nullptr;
  int64_t rows_ = 0;
  int64_t next_row_ = 0;
  std::vector<std::unique_ptr<PageCursor>> cursors_;  // of the wanted columns that have one
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<std::unique_ptr<ColumnRows>> columns_;  // null: the file has no such column
  arrow::ChunkedArrayVector ahead_;  // by column: read, but not given out; null = nothing
  BeforeHugePage before_huge_page_;
};

// The type that columns of `type` are delivered in: dictionary-encoded ones as their plain values.
std::shared_ptr<arrow::DataType> DeliveredType(const std::shared_ptr<arrow::DataType>& type);

}  // namespace headrace
