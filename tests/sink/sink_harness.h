// Runs a sink as a pipeline would, publishes what it wrote and reads it back.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "commit/transaction.h"
#include "memory/budget.h"
#include "memory/extent_allocator.h"
#include "memory/stage_pool.h"
#include "sink/sink.h"
#include "spill/spill_area.h"

namespace headrace::testing {

struct SinkRun {
  SinkOptions options;
  std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> morsels;
  int64_t sink_bytes = 0;  // 0 = the floor
  TargetKind kind = TargetKind::kDataset;
  PublishMode mode = PublishMode::kCreate;
  uint64_t shuffle_seed = 0;  // not 0: workers pause at random points
  int64_t spill_bytes_max = int64_t{4} << 30;
};

struct SinkOutcome {
  Status status;
  SinkSummary summary;
  int64_t pool_peak_bytes = 0;
  int64_t pool_left_bytes = 0;
};

struct ReadFile {
  std::string directory;
  std::string name;
  std::shared_ptr<arrow::Table> table;
  std::vector<int64_t> row_group_rows;
};

// Role: a scratch directory for one test. The pool's budget is exactly what the sink was granted,
// so a sink that holds more than it said fails.
class SinkHarness {
 public:
  SinkHarness();
  ~SinkHarness();
  std::string target() const { return directory_ + "/out"; }
  const std::string& directory() const { return directory_; }
  SinkOutcome Run(const SinkRun& run);
  // Every Parquet file of the target, sorted by path.
  std::vector<ReadFile> Read() const;

 private:
  Status RunWorkers(const SinkRun& run, Sink* sink, Cancellation* cancellation);
  void ReadBelow(const std::string& relative, std::vector<ReadFile>* files) const;
  std::string directory_;
  int runs_ = 0;
};

}  // namespace headrace::testing
