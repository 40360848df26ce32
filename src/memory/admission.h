// Admission: whether a run fits its budget, with how many threads, and what each stage may plan
// with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "memory/needs.h"

namespace headrace {

struct StageGrant {
  std::string name;
  int64_t floor_bytes = 0;    // reserved before the run starts
  int64_t granted_bytes = 0;  // floor plus its share of the rest: what the stage may plan with
};

struct Admission {
  int threads = 1;
  std::vector<StageGrant> grants;  // in the order of the needs
};

struct AdmissionRequest {
  int64_t lendable_bytes = 0;
  int threads_wanted = 1;
  std::vector<StageNeeds> needs;
  // For the refusal: what the budget is made of.
  int64_t total_bytes = 0;
  int64_t base_bytes = 0;
  int64_t slack_bytes = 0;
  std::string budget_origin;
};

// Morsels are never smaller by choice.
inline constexpr int64_t kBatchBytesMin = 64 * 1024;

// Pure. The most threads (at most those wanted) whose floors fit; the rest is shared out in
// proportion to what the stages still want. OutOfMemory with an itemised list and the smallest
// sufficient budget when not even one thread fits.
Result<Admission> Admit(const AdmissionRequest& request);

// Text bytes per morsel for a budget: the largest power of two from kBatchBytesMin to 1 MiB of
// which every worker can have about 48 in flight (a morsel becomes an index, a batch, and its part
// of two row groups).
int64_t ChooseBatchBytes(int64_t lendable_bytes, int threads);

// Room for what no pool sees: codec contexts, thrift structures, heap fragmentation, stacks,
// library pages touched late.
int64_t SlackBytes(int threads);

}  // namespace headrace
