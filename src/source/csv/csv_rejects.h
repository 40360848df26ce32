// CsvRejects: bad records of a block as rejects for the quarantine.
#pragma once

#include <string>
#include <vector>

#include "source/csv/bad_values.h"
#include "source/csv/csv_columns.h"
#include "source/rejects.h"

namespace headrace {

// Role: turns what is known of bad records into rejects with file, line, reason and the text as it
// stands. Owner: the worker that reads a block; one per block, so that lines are counted once.
// Threads: one. Errors: OutOfMemory.
class CsvRejects {
 public:
  CsvRejects(const CsvLayout& layout, const TextBlock& block, const arrow::Schema& schema,
             const std::vector<CheckedColumn>& columns, int64_t field_bytes_max,
             arrow::MemoryPool* pool);

  // Records in the order of the file. `rows_before` counts in the batch that will carry it.
  Status Add(const BadRecord& bad, int64_t rows_before);
  RejectBuilder* builder() { return &builder_; }

 private:
  // What people are told, into reason_.
  void SetReason(const BadRecord& bad);
  void SetReasonOfValue(const BadRecord& bad);

  const CsvLayout& layout_;
  const TextBlock& block_;
  const arrow::Schema& schema_;
  const std::vector<CheckedColumn>& columns_;
  const int64_t field_bytes_max_;
  RejectBuilder builder_;
  std::vector<std::string> type_texts_;  // by column; made when first needed
  std::string reason_;
  std::string why_;
  int64_t line_;  // of the byte at line_at_
  int64_t line_at_ = 0;
};

}  // namespace headrace
