// Columns that no field of the file fills: NULL, and where a record stands.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "source/csv/count_byte.h"
#include "source/csv/csv_columns.h"
#include "source/csv/record_index.h"

namespace headrace {

// Role: fills columns of one block, range by range. Owner: the worker that converts the
// block. Threads: one.
class FilledColumns {
 public:
  FilledColumns(const TextBlock& block, uint8_t newline)
      : block_(block), newline_(newline), line_(block.first_line) {}

  // One value per row. `field` is kMissingField, kLineOfRecord or kOffsetOfRecord; `type` that of
  // the column, int64 for places.
  Result<std::shared_ptr<arrow::Array>> Make(int field, const RecordRange& range,
                                             const std::shared_ptr<arrow::DataType>& type,
                                             arrow::MemoryPool* pool);

 private:
  int64_t CountLines(int64_t begin, int64_t end) const {
    return CountByte(block_.text() + begin, block_.text() + end, newline_);
  }

  const TextBlock& block_;
  const uint8_t newline_;
  int64_t position_ = 0;  // line_ is the line of this byte
  int64_t line_;
};

}  // namespace headrace
