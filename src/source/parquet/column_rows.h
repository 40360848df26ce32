// ColumnRows: any rows of one column of a row group, as long as they are asked for in order.
#pragma once

#include <arrow/chunked_array.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "source/row_range.h"

namespace parquet::arrow {
class ColumnReader;
}  // namespace parquet::arrow

namespace headrace {

// Where the pages of a column without nesting stand: what its page reader and its ColumnRows tell
// each other. A page's values are its rows.
struct PageCursor {
  int64_t end = 0;          // first row behind the page looked at last
  int64_t first = -1;       // first row of the first page unpacked since this was set to -1
  int64_t needed_from = 0;  // a page that ends before is passed over, packed as it is
  int64_t passed_over = 0;  // pages

  // Takes note of the next page; true when it is to be passed over.
  bool Pass(int64_t rows) {
    const int64_t begin = end;
    end += rows;
    if (end <= needed_from) {
      ++passed_over;
      return true;
    }
    if (first < 0) first = begin;
    return false;
  }
};

// By leaf of the file; null for leaves whose pages are all read. They must outlive the reader.
using PageCursors = std::vector<PageCursor*>;

// A reader of `inner`'s file that asks the cursors about every data page.
std::unique_ptr<parquet::ParquetFileReader> WithPageCursors(
    std::unique_ptr<parquet::ParquetFileReader> inner, PageCursors cursors);

// Role: reads ranges of rows, leaving out what lies between: whole pages packed as they are where
// the column is not nested, else by dropping what was decoded. Owner: RowGroupReader. Threads: one.
// Errors: what the library says; Invalid when the column has fewer rows.
class ColumnRows {
 public:
  // `cursor` is null for nested columns, whose pages do not say how many rows they hold.
  ColumnRows(std::unique_ptr<parquet::arrow::ColumnReader> reader, PageCursor* cursor);
  ~ColumnRows();

  // `rows` are not empty and behind those of the last call.
  Result<std::shared_ptr<arrow::ChunkedArray>> Read(RowRange rows);

 private:
  // Rows to ask the library for next, on the way to `rows` or within them.
  int64_t StepFor(RowRange rows) const;

  std::unique_ptr<parquet::arrow::ColumnReader> reader_;
  PageCursor* cursor_;
  int64_t next_ = 0;  // first row that the library has not given out, but for pages passed over
};

}  // namespace headrace
