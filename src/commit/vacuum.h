// Removing old generations of a dataset, and recovery on demand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "commit/generations.h"

namespace headrace {

enum class VacuumEffect : uint8_t {
  kRemove,
  kTell  // what would be removed; takes no lock and changes nothing
};

struct VacuumOptions {
  std::string target;
  // Also those that were replaced longer ago than this, whatever they were promised, and files of
  // rejects that are older; without it, none of these.
  std::optional<int64_t> older_than_seconds;
  VacuumEffect effect = VacuumEffect::kRemove;
};

struct VacuumedGeneration {
  RetainedGeneration generation;
  int64_t files = 0;
  int64_t freed_bytes = 0;  // of files that have no name elsewhere
};

struct VacuumedRejects {
  std::string path;
  int64_t bytes = 0;
};

struct VacuumOutcome {
  std::vector<VacuumedGeneration> removed;
  std::vector<RetainedGeneration> kept;
  std::vector<VacuumedRejects> rejects;  // removed files of them (commit/quarantine.h)
  std::vector<std::string> rescued;  // paths; nobody but their owner can say what becomes of them
  std::vector<std::string> notes;
};

// Removes the retained generations whose time is over. Errors: Locked while a run is at work.
Result<VacuumOutcome> Vacuum(Env* env, const VacuumOptions& options);

}  // namespace headrace
