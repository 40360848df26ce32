// RowGroupReader: one row group's wanted columns, a batch of rows at a time.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "source/parquet/parquet_file.h"

namespace parquet::arrow {
class ColumnReader;
class FileReader;
}  // namespace parquet::arrow

namespace headrace {

// Role: decodes `columns` of a row group page by page, so it holds one page per column plus the
// batch, however large the row group is. The caller decides the size of every batch anew. Owner:
// one worker, for one row group. Threads: one. Errors: BadInput naming file and row group for
// damaged pages and for text that is not UTF-8; OutOfMemory when the pool refuses what a page
// claims.
class RowGroupReader {
 public:
  // `schema` has the wanted columns by name, with the types to deliver.
  static Result<std::unique_ptr<RowGroupReader>> Open(std::shared_ptr<ParquetFile> file,
                                                      int row_group,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      arrow::MemoryPool* pool);
  ~RowGroupReader();

  int64_t rows_left() const { return rows_left_; }
  // The next `rows` rows, at most rows_left(), as one or (where a column's text passes 2 GiB)
  // several batches.
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Read(int64_t rows);

 private:
  RowGroupReader() = default;
  Status OpenColumns(int row_group);
  std::string PlaceOf(int index) const;
  Status CheckText(int index, const arrow::ChunkedArray& column) const;
  Result<std::shared_ptr<arrow::ChunkedArray>> ReadColumn(int index, int64_t rows);

  std::shared_ptr<ParquetFile> file_;
  int row_group_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::MemoryPool* pool_ = nullptr;
  int64_t rows_ = 0;
  int64_t rows_left_ = 0;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<std::unique_ptr<parquet::arrow::ColumnReader>> columns_;
};

// The type that columns of `type` are delivered in: dictionary-encoded ones as their plain values.
std::shared_ptr<arrow::DataType> DeliveredType(const std::shared_ptr<arrow::DataType>& type);

}  // namespace headrace
