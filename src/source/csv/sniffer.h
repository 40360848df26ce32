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

// Fills in what the options leave open. BadInput for text that is binary.
Result<SniffResult> SniffDialect(const TextSample& sample, const CsvOptions& options,
                                 const std::string& path, arrow::MemoryPool* pool);

// Whether the first record names the columns, by comparing it with the records after it.
bool LooksLikeHeader(const SampleRecords& sample, const Dialect& dialect, std::string* why);

}  // namespace headrace
