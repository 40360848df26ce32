// What a header says whose number of names is not that of the records' fields.
#pragma once

#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/csv/csv_sample.h"

namespace headrace {

// A sample cut as rows are.
struct RepairedSample {
  SampleRecords records;
  // Fields of more than half of the records after the header; else of the first record. Where there
  // is a header, surplus fields do not count while all of a record's are empty. Only kRepair asks.
  int columns = 0;
};

// With kRepair mistaken quotes are repaired.
Result<RepairedSample> CutSampleFor(BadRows bad_rows, const TextSample& sample,
                                    const Dialect& dialect, int64_t records_max,
                                    arrow::MemoryPool* pool);

// The header's fields, one for each column: as another delimiter cuts the line, if its own does
// not and that gives just so many; else with as many empty ones added behind as are missing; else
// without empty ones, as far as there are too many. No name is dropped, so there may still be more
// than columns. `evidence` says what was done, "" where nothing was.
Result<std::vector<SampleField>> RepairHeader(const TextSample& sample, const Dialect& dialect,
                                              const RepairedSample& repaired,
                                              arrow::MemoryPool* pool, std::string* evidence);

}  // namespace headrace
