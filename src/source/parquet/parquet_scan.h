// Opens Parquet files as a Scan.
#pragma once

#include <memory>
#include <vector>

#include "source/hive.h"
#include "source/listing.h"
#include "source/scan.h"

namespace headrace {

// Reads every file's footer and brings the columns together: strict = all files have the same (in
// any order) of the same types. `hive` are the columns from directories, one row of values per
// file; where a file holds a column of that name too, the directory's value counts. Errors:
// BadInput naming the file (and the column that differs); Source when a file cannot be opened.
Result<std::unique_ptr<Scan>> OpenParquetScan(std::vector<InputFile> files, HiveColumns hive,
                                              const ScanContext& context,
                                              SchemaMode schema_mode = SchemaMode::kStrict);

// Floor and wish of a Parquet scan of usual files at these batch bytes, before a file is opened.
StageNeeds ParquetNeeds(int64_t batch_bytes);

}  // namespace headrace
