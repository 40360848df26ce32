// Fills in the run report, and the texts about memory that plan and report share.
#pragma once

#include <string>
#include <vector>

#include "headrace/run_report.h"
#include "memory/admission.h"
#include "memory/budget.h"
#include "runtime/driver.h"
#include "sink/sink.h"
#include "source/source.h"

namespace headrace {

// Less than this per worker, after base and slack, and a run starts with fewer workers.
inline constexpr int64_t kWorkerBytesAtLeast = int64_t{12} << 20;

struct ReportFacts {
  Status status;
  int threads = 0;
  const PipelineCounters* counters = nullptr;
  int64_t rows_out = 0;
  std::vector<OutputReport> outputs;
  QuarantineReport quarantine;
  const MemoryBudget* budget = nullptr;  // null when the run failed before it had one
  std::string mode;                      // "" when the run failed before it was decided
  std::string mode_reason;
  std::vector<SourceInput> inputs;
  bool published_before = false;  // by a run of the same id, so that there was nothing to do
};

// Versions and start time.
void StartReport(RunReport* report);
void FinishReport(const ReportFacts& facts, RunReport* report);

AdmissionRequest MakeRequest(const MemoryBudget& budget, int threads,
                             std::vector<StageNeeds> needs);
// The memory section of `plan`: budget, base, slack, each stage's floor and grant.
std::string DescribeMemory(const MemoryBudget& budget, const Admission& admission,
                           int64_t batch_bytes);

}  // namespace headrace
