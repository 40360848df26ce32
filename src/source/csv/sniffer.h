// Sniffer: finds the dialect of a text from its start.
#pragma once

#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/csv/csv_sample.h"

namespace headrace {

struct SniffResult {
  Dialect dialect;
  std::vector<std::string> evidence;  // one line per thing that was found rather than given
};

// What the options say, without looking at any text. InvalidConfig when they contradict each other.
Result<Dialect> DialectOfOptions(const CsvOptions& options);

// Delimiter, quote and escape are all given: the text is described, so comments, lines to skip and
// the header are not guessed either. The first record is the header unless the options say no.
inline bool IsPinned(const CsvOptions& options) {
  return options.delimiter.has_value() && options.quote.has_value() && options.escape.has_value();
}

// Fills in what the options leave open. BadInput for text that is binary.
Result<SniffResult> SniffDialect(const TextSample& sample, const CsvOptions& options,
                                 const std::string& path, arrow::MemoryPool* pool,
                                 BadRows bad_rows = BadRows::kFail);

struct HeaderVerdict {
  bool header = false;
  bool differs_by_type = false;  // some first value does not fit the values below it
  std::string why;
};

// Whether the first record names the columns, by comparing it with the records after it.
HeaderVerdict JudgeHeader(const SampleRecords& sample, const Dialect& dialect);

}  // namespace headrace
