// Opens JSON text as a Scan: objects line by line, one after the other, or in one array.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/record_places.h"
#include "source/scan.h"

namespace headrace {

// One file to read. `path` is what messages show; "-" is standard input.
struct JsonFile {
  std::string path;
  int64_t size_bytes = 0;  // as stored (compressed); -1 = unknown
};

// Reads every file once: the columns are the keys of all rows, in the order in which the input
// first has them, and their types are found on the way. Not so where types are given for exactly
// the keys that the inputs begin with, and bad rows fail: then these are the columns. Of the
// options, `types`, `all_strings`, `encoding` and `field_bytes_max` count. Errors: Source when a
// file cannot be opened; BadInput for a bad row, for an input without a key and for too many keys;
// InvalidConfig for options.
Result<std::unique_ptr<Scan>> OpenJsonScan(std::vector<JsonFile> files, const CsvOptions& options,
                                           const ScanContext& context,
                                           const RecordPlaceColumns& places = {});

// Floor and wish of any JSON scan at these batch bytes, before a file is opened.
StageNeeds JsonNeeds(int64_t batch_bytes);

}  // namespace headrace
