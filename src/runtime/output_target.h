// What the output path and format of a job mean.
#pragma once

#include "commit/transaction.h"
#include "headrace/job.h"
#include "sink/sink.h"

namespace headrace {

struct OutputTarget {
  TransactionOptions transaction;
  OutputFormat format = OutputFormat::kParquet;
  ParquetOptions parquet;
  OutputCompression compression;  // of other formats
  char delimiter = ',';
};

// A path with the ending of a format (.parquet, .csv, .tsv, .jsonl, .ndjson, .arrow, .feather; text
// also with .gz or .zst) is one file; any other path is a dataset directory, and so is one whose
// ending is not that of the format asked for. InvalidConfig for formats and compressions that are
// not written, partitioning of a single file, and modes a single file cannot have.
Result<OutputTarget> ResolveOutput(const OutputSpec& output, const std::string& run_id);

}  // namespace headrace
