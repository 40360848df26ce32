// The past of a dataset: what its ledger tells, going back to an earlier generation, removing those
// whose time is over, repairing what a killed run left. docs/publishing.md has the whole story.
//
// A dataset is named by its directory, which may be missing where its side directory stands.
// Everything may be called while a run is at work; what changes something then fails as locked.
#pragma once

#include <arrow/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headrace {

struct LedgerInput {
  std::string path;
  int64_t size_bytes = 0;
  int64_t rows = 0;
};

// One line of the ledger, and how things stand with what that run wrote.
struct LedgerEntry {
  std::string run_id;
  std::string published_at;  // ISO 8601, UTC
  std::string mode;          // "create", "append", "overwrite", "overwrite-partitions", "rollback"
  std::string plan_hash;
  bool durable = true;
  // What the run wrote; of a rollback what the run had written that it went back to.
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t kept_files = 0;    // that it took over from the generation before, or from a retained one
  std::string replaced_run;  // whose generation it replaced; "" = of no run, or there was none
  std::string rolled_back_to;  // of a rollback
  std::string state;           // "current", "retained" (can be rolled back to), "gone"
  std::string retained_until;  // ISO 8601, UTC; "" = what it wrote is not in generations/
  bool rolled_back = false;    // the next run was a rollback
  // Given by ShowLedgerEntry alone.
  std::vector<std::string> partitions;
  std::vector<LedgerInput> inputs;
  std::vector<std::string> notes;
};

struct History {
  std::string target;                // absolute
  std::vector<LedgerEntry> entries;  // newest first
  int64_t entries_total = 0;
  std::vector<std::string> rescued;  // content of other programs that a run found in its way
};

// The newest `entries_max` runs. Sink when no dataset was published there.
arrow::Result<History> ReadHistory(const std::string& dataset, int64_t entries_max);
// One run; `run` is its id or how it alone begins. Usage when there is none, or several.
arrow::Result<LedgerEntry> ShowLedgerEntry(const std::string& dataset, const std::string& run);

struct RollbackResult {
  std::string run_id;          // of the rollback
  std::string restored_run;    // whose content is the dataset again
  std::string replaced_run;    // whose content was; "" = of no run of ours
  std::string retained_until;  // so long that one can be rolled back to; "" = not at all
  int64_t files = 0;
  std::vector<std::string> notes;
};
// Makes what `run` wrote the dataset again, all at once. What is the dataset now is kept for
// `retain_seconds`; unset: as long as the last run asked for, at least a day. Usage when no run, or
// several, are called so; Sink when it is the dataset already or is not kept any more; Locked.
arrow::Result<RollbackResult> RollBackDataset(const std::string& dataset, const std::string& run,
                                              std::optional<int64_t> retain_seconds = std::nullopt);

struct VacuumRequest {
  // Also what was replaced longer ago, and files of rejects that are older.
  std::optional<int64_t> older_than_seconds;
  bool dry_run = false;  // tell, and change nothing
};
struct RemovedGeneration {
  std::string run_id;          // that wrote it; "" = no run of ours
  std::string replaced_at;     // ISO 8601, UTC
  std::string retained_until;  // the same
  int64_t files = 0;
  int64_t freed_bytes = 0;  // of files that stand nowhere else as well
};
struct VacuumResult {
  std::vector<RemovedGeneration> removed;
  int64_t kept_generations = 0;
  std::vector<std::string> removed_rejects;  // paths of files of rejects
  int64_t freed_rejects_bytes = 0;           // in them
  std::vector<std::string> rescued;          // as in History; not touched
  std::vector<std::string> notes;
};
// Removes what no run can be rolled back to any more. Sink when nothing was published there;
// Locked.
arrow::Result<VacuumResult> VacuumDataset(const std::string& dataset,
                                          const VacuumRequest& request = {});

// Brings a dataset or single file back to exactly its old or its new state after a crash, which the
// next run would do as well. What was done, one line each; none when there was nothing to do.
// Locked.
arrow::Result<std::vector<std::string>> RecoverTarget(const std::string& path);

// For people, without control characters, and as one JSON object.
std::string HistoryToText(const History& history);
std::string HistoryToJson(const History& history);
std::string LedgerEntryToText(const LedgerEntry& entry);
std::string LedgerEntryToJson(const LedgerEntry& entry);
// One line for each generation, then what is left.
std::string VacuumToText(const VacuumResult& result, bool dry_run);

}  // namespace headrace
