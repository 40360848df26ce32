// What the output path and format of a job mean.
#pragma once

#include "commit/transaction.h"
#include "headrace/job.h"
#include "sink/sink.h"

namespace headrace {

struct OutputTarget {
  TransactionOptions transaction;
  ParquetOptions parquet;
};

// A path ending in .parquet is one file; any other path is a dataset directory. InvalidConfig for
// formats this version does not write, partitioning of a single file, and modes a single file
// cannot have.
Result<OutputTarget> ResolveOutput(const OutputSpec& output, const std::string& run_id);

}  // namespace headrace
