// Column names out of the first record of a text.
#pragma once

#include <string>
#include <vector>

#include "source/csv/csv_columns.h"
#include "source/csv/csv_sample.h"

namespace headrace {

// Where a text's data starts, and the names its header gives its fields.
struct CsvHeader {
  std::vector<std::string> names;
  int64_t data_offset = 0;
  int64_t data_line = 1;
  std::string repair;  // what was mended in the names; "" = nothing
};

// Reads the header (or makes names column_1, column_2, ... without one). Empty names become
// column_N; a name that came before gets _1, _2, ... appended. With BadRows::kRepair there are as
// many names as most records have fields (RepairHeader). BadInput for an empty text.
Result<CsvHeader> ReadHeader(const TextSample& sample, const Dialect& dialect, BadRows bad_rows,
                             const std::string& path, arrow::MemoryPool* pool);

}  // namespace headrace
