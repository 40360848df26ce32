// ColumnRows: any rows of one column of a row group, as long as they are asked for in order.
#pragma once

#include <arrow/chunked_array.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"
#include "source/row_range.h"

namespace parquet::arrow {
class ColumnReader;
}  // namespace parquet::arrow

namespace headrace {

// What a reader is told before it unpacks a huge page; it may wait.
using BeforeHugePage = std::function<Status()>;

// Pages from here on are huge: what several workers would hold of them adds up to much more than
// their floors.
inline constexpr int64_t kHugePageBytes = int64_t{16} << 20;

// Where the pages of a column without nesting stand: what its page reader and its ColumnRows tell
// each other. A page's values are its rows.
struct PageCursor {
  static constexpr int64_t kValueBytesMax = int64_t{1} << 31;  // what a footer claims is no more

  int64_t end = 0;               // first row behind the page looked at last
  int64_t first = -1;            // first row of the first page unpacked since this was set to -1
  int64_t needed_from = 0;       // a page that ends before is passed over, packed as it is
  int64_t passed_over = 0;       // pages
  int64_t value_bytes = 0;       // of a value, on average
  int64_t dictionary_bytes = 0;  // about
  const BeforeHugePage* before = nullptr;  // may be null; asked before a huge page is unpacked

  // Takes note of the next page; true when it is to be passed over.
  bool Pass(int64_t rows) {
    const int64_t begin = end;
    end += rows;
    if (end <= needed_from) {
      ++passed_over;
      return true;
    }
    if (first < 0) first = begin;
    if (rows * value_bytes >= kHugePageBytes) Ask();
    return false;
  }
  // Before the dictionary is unpacked.
  void BeforeDictionary() const {
    if (dictionary_bytes >= kHugePageBytes) Ask();
  }

 private:
  void Ask() const {
    if (before != nullptr && *before) PARQUET_THROW_NOT_OK((*before)());
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
  virtual ~ColumnRows() = default;
  // `rows` are not empty and behind those of the last call. Columns of texts give fewer rows, one
  // at least, where all of them have more than about `bytes_max`.
  virtual Result<std::shared_ptr<arrow::ChunkedArray>> Read(RowRange rows, int64_t bytes_max) = 0;
};

// By the library's reader.
class LibraryRows : public ColumnRows {
 public:
  // `cursor` is null for nested columns, whose pages do not say how many rows they hold.
  LibraryRows(std::unique_ptr<parquet::arrow::ColumnReader> reader, PageCursor* cursor);
  ~LibraryRows() override;

  Result<std::shared_ptr<arrow::ChunkedArray>> Read(RowRange rows, int64_t bytes_max) override;

 private:
  // Rows to ask the library for next, on the way to `rows` or within them.
  int64_t StepFor(RowRange rows) const;

  std::unique_ptr<parquet::arrow::ColumnReader> reader_;
  PageCursor* cursor_;
  int64_t next_ = 0;  // first row that the library has not given out, but for pages passed over
};

}  // namespace headrace
