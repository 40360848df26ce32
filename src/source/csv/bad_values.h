// Finds the rows of a range that hold a value which does not fit its column.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/csv/column_converter.h"
#include "source/csv/record_index.h"

namespace headrace {

struct CheckedColumn {
  const ColumnConverter* converter = nullptr;
  int field = 0;  // of the record; or below 0, as CsvFileColumns says
};

// Each such row once, with the first bad value in it as the file has them, in order. At most
// kBadRecordsMax of them: where there are more, the range is ended before the next one. Costs a
// conversion of the range, of which nothing is kept.
Result<std::vector<BadRecord>> FindBadValues(const std::vector<CheckedColumn>& columns,
                                             RecordIndexer* indexer, RecordRange* range,
                                             arrow::MemoryPool* pool);

// Why the value of a bad record does not fit.
Result<std::string> ReasonOf(const CheckedColumn& column, const uint8_t* text,
                             const RecordRange& like, const BadRecord& bad,
                             arrow::MemoryPool* pool);

}  // namespace headrace
