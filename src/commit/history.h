// What the ledger of a dataset tells, and what of it can still be gone back to. Read without the
// lock and without changing anything.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "commit/journal.h"

namespace headrace {

enum class RunStanding : uint8_t {
  kCurrent,   // what it wrote is the dataset
  kRetained,  // what it wrote can be rolled back to
  kGone,
};

struct LedgerRun {
  JournalRecord record;
  RunStanding standing = RunStanding::kGone;
  std::time_t retained_until = 0;  // where what it wrote is retained, also when it is current
  bool was_rolled_back = false;    // the next run of the ledger was a rollback
};

struct DatasetHistory {
  std::string target;
  std::vector<LedgerRun> runs;  // newest first, without their lists
  int64_t runs_total = 0;       // in the ledger
  std::vector<std::string> rescued;
};

// The newest `runs_max` runs. Errors: Sink when no run of ours published a dataset there.
Result<DatasetHistory> ReadHistory(Env* env, const std::string& target, int64_t runs_max);

// One run with all of its record; `name` is its id or how it alone begins. Errors: as above, and
// Usage when there is none of that name, or several.
Result<LedgerRun> ReadLedgerRun(Env* env, const std::string& target, const std::string& name);

}  // namespace headrace
