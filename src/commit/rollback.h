// Going back to an earlier generation of a dataset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commit/journal.h"

namespace headrace {

struct RollbackOptions {
  std::string target;
  std::string run;  // the run to go back to: its id, or how it alone begins
  // How long the generation that is current now can be rolled back to. nullopt: as long as the last
  // run asked for, and at least a day.
  std::optional<int64_t> retain_seconds;
  Durability durability = Durability::kFull;
  std::string run_id;  // of the rollback; "" = a new one
};

struct RollbackOutcome {
  std::string run_id;        // of the rollback itself
  std::string restored_run;  // whose generation is the dataset again
  std::string replaced_run;  // whose generation was; "" = none of ours
  std::string retained_as;   // name of the latter in generations/; "" = it is not kept
  int64_t files = 0;
  std::vector<std::string> notes;
};

// Makes the generation that a run wrote the dataset again, in a transaction of its own: its files
// are linked into a new generation, which is journalled and exchanged as in every publish, and the
// ledger gets a line. Nothing is copied where hard links work, and the retained generation stays
// until its own time is over. Errors: those of Begin and Publish; Usage when no run is called so,
// or several are; Sink when that generation is the dataset already, or is not kept any more.
Result<RollbackOutcome> Rollback(Env* env, const RollbackOptions& options);

}  // namespace headrace
