// Opens delimited text files as a Scan.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/csv/column_matcher.h"
#include "source/scan.h"

namespace headrace {

// One file to read. `path` is what messages show; "-" is standard input.
struct CsvFile {
  std::string path;
  int64_t size_bytes = 0;  // as stored (compressed); -1 = unknown
};

// What is asked of an input beside how its text is written.
struct CsvScanOptions {
  SchemaMode schema_mode = SchemaMode::kStrict;
  RecordPlaceColumns places = {};
};

// Sniffs the dialect from the first file's start (explicit options win), reads every file's header
// and brings the columns of all files together by name. Compression is told by content, not by
// name. Errors: Source when a file cannot be opened; BadInput for an empty input, binary or wrongly
// encoded text, headers that differ; InvalidConfig for options that contradict each other or the
// file.
Result<std::unique_ptr<Scan>> OpenCsvScan(std::vector<CsvFile> files, const CsvOptions& options,
                                          const ScanContext& context,
                                          const CsvScanOptions& scan_options = {});

// Floor and wish of any CSV scan at these batch bytes, before a file is opened.
StageNeeds CsvNeeds(int64_t batch_bytes);

}  // namespace headrace
