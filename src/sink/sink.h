// Sink: the end of a pipeline; writes only under staging names that the commit room gave out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "data/batch.h"

namespace headrace {

struct SinkFile {
  std::string relative_path;  // below the dataset, "" for a single-file output
  int64_t rows = 0;
  int64_t bytes = 0;
};

struct SinkSummary {
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t partitions = 0;
  int64_t row_groups = 0;
  int64_t spilled_bytes = 0;
  std::vector<SinkFile> files;  // sorted by path
};

// Role: takes every batch of the run and leaves finished, synced, not yet published files.
// Order: rows of lower sequence numbers come first inside every file, whatever thread brought them.
// Owner: the run. Threads: Consume and EndMorsel from any worker; Finish once, after all EndMorsel, from one thread.
// Errors: Sink, OutOfDisk, OutOfMemory. After a failure only destruction is allowed; staged files are the commit's to remove.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status Consume(int64_t sequence, Batch batch) = 0;
  // Called once for every sequence number, in any thread order, also for morsels that gave no rows.
  virtual Status EndMorsel(int64_t sequence) = 0;
  virtual Result<SinkSummary> Finish() = 0;
};

}  // namespace headrace
