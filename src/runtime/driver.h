// The driver: workers that carry one morsel each through the whole pipeline.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "headrace/run_report.h"
#include "memory/run_allowance.h"
#include "operators/transform.h"
#include "sink/sink.h"
#include "source/source.h"

namespace headrace {

struct PipelineOptions {
  int threads = 1;
  uint64_t shuffle_seed = 0;          // not 0: workers pause at random points (tests of order)
  arrow::MemoryPool* pool = nullptr;  // of the transforms
  const RunAllowance* allowance = nullptr;  // null: every worker works all the time
  Sink* quarantine = nullptr;               // of rejects; null: the source gives none
};

// Rows as they pass, readable while the pipeline runs.
struct PipelineCounters {
  std::atomic<int64_t> rows_in{0};  // good and bad ones
  std::atomic<int64_t> rows_rejected{0};
  std::atomic<int64_t> rows_filtered{0};
  std::atomic<int64_t> rows_limited{0};
  std::atomic<int64_t> rows_to_sink{0};
};

// Runs source -> transforms -> sink until the source ends, a limit is reached, something fails or
// the run is cancelled. There are no queues: what is in flight is one morsel per worker. When
// several morsels fail, the failure of the lowest sequence number is returned, whatever the
// threads. Rejects go to the quarantine, as far as they stand before the place at which the last
// limit is reached. Does not finish the sinks. `stages` receives one report for the source, one per
// transform and one for the sink.
Status RunPipeline(Source* source, const std::vector<std::unique_ptr<Transform>>& transforms,
                   Sink* sink, const PipelineOptions& options, Cancellation* cancellation,
                   PipelineCounters* counters, std::vector<StageReport>* stages);

}  // namespace headrace
