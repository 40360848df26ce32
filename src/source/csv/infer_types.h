// The pass that finds the types of columns over the whole input.
#pragma once

#include <functional>
#include <vector>

#include "base/cancellation.h"
#include "source/csv/column_converter.h"
#include "source/csv/csv_columns.h"
#include "source/csv/type_guess.h"

namespace headrace {

struct InferenceSettings {
  BlockLimits limits;
  IndexLimits index_limits;
  NullRule nulls;
  int threads = 1;
  int64_t row_limit = -1;  // only so many rows at the start are looked at; -1 = all
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;  // may be null
  std::function<void(int64_t, int64_t)> on_progress;
  int64_t total_bytes = -1;
};

struct InferenceResult {
  std::vector<TypeGuess> guesses;  // in the order of `columns`
  int64_t rows = 0;
  int64_t bad_records = 0;  // whose shape or text is wrong; they have no part in the guesses
};

// Reads every record of every input (or those at the start that `row_limit` leaves) and looks at
// the given columns (of the scan). Same answer for any number of threads and any block size.
// Errors: those of reading; where bad records are not to be put aside (limits.bad_rows), the first
// of them.
Result<InferenceResult> InferTypes(const CsvLayout& layout, const std::vector<int>& columns,
                                   const InferenceSettings& settings);

}  // namespace headrace
