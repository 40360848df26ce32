// RowText: whole rows of a batch as lines of text.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "sink/text/column_text.h"

namespace headrace {

// Role: one line per row. Owner: a text encoder, for one batch at a time. Threads: one. Errors: as
// ColumnText, with the column's name.
class RowText {
 public:
  // `before` has what stands in front of each column's value, `end` what ends a line.
  RowText(std::vector<std::string> before, std::string end, TextStyle style)
      : before_(std::move(before)), end_(std::move(end)), style_(style) {}

  // The batch stays until the next one or Clear.
  Status SetBatch(std::shared_ptr<arrow::RecordBatch> batch);
  void Clear();
  Status Append(int64_t row, TextBuffer* out) const;

 private:
  const std::vector<std::string> before_;
  const std::string end_;
  const TextStyle style_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<std::shared_ptr<arrow::Array>> columns_;
  std::vector<std::unique_ptr<ColumnText>> texts_;
};

Result<std::unique_ptr<RowText>> MakeRowText(const arrow::Schema& schema, const TextStyle& style);

// The first line of a CSV file: the names of the columns.
Result<std::string> CsvHeader(const arrow::Schema& schema, char delimiter);

}  // namespace headrace
