// Converts ranges of records of which some hold a value that does not fit its column.
#pragma once

#include <vector>

#include "source/csv/column_converter.h"
#include "source/csv/record_index.h"

namespace headrace {

struct CheckedColumn {
  const ColumnConverter* converter = nullptr;
  int field = 0;  // of the record; or below 0, as CsvFileColumns says
};

// By field: the order in which values stand in a record. Columns that no field fills are left out.
std::vector<int> ColumnsInOrderOfFields(const std::vector<CheckedColumn>& columns);

// Role: the columns of a range without the rows that hold a bad value; those join the indexer's bad
// records, each once, with the first bad value in it as the file has them. Columns are converted in
// the order of the file. Rows that are bad in one are taken out of the range at once, so that later
// columns pass them over; the columns before are converted a second time, without them. Where bad
// records are too many, the range is ended early. Owner: the worker that reads a block. Threads:
// one.
class GoodRowsConverter {
 public:
  GoodRowsConverter(const std::vector<CheckedColumn>& columns, arrow::MemoryPool* pool)
      : columns_(columns), order_(ColumnsInOrderOfFields(columns)), pool_(pool) {
    bad_.count_max = kBadRecordsMax;
  }

  // By column; nullptr for those that no field fills.
  Result<arrow::ArrayVector> Convert(RecordIndexer* indexer, RecordRange* range);

 private:
  const std::vector<CheckedColumn>& columns_;
  const std::vector<int> order_;
  arrow::MemoryPool* const pool_;
  BadPlaces bad_;
};

}  // namespace headrace
