#include "headrace/history.h"

#include "base/units.h"
#include "base/utc_text.h"
#include "commit/generations.h"
#include "commit/history.h"
#include "commit/rollback.h"
#include "commit/vacuum.h"

namespace headrace {
namespace {

std::string StateText(RunStanding standing) {
  switch (standing) {
    case RunStanding::kCurrent:
      return "current";
    case RunStanding::kRetained:
      return "retained";
    case RunStanding::kGone:
      return "gone";
  }
  return "gone";
}

LedgerEntry ToEntry(const LedgerRun& run) {
  const JournalRecord& record = run.record;
  LedgerEntry entry;
  entry.run_id = record.run_id;
  entry.published_at = record.prepared_at;
  entry.mode = PublishModeName(record.mode);
  entry.plan_hash = record.plan_hash;
  entry.durable = record.durability == Durability::kFull;
  entry.rows = record.info.rows;
  entry.files = record.info.files;
  entry.bytes = record.info.bytes;
  entry.kept_files = record.kept_files;
  entry.replaced_run = record.replaced_run;
  entry.rolled_back_to = record.rolled_back_to;
  entry.state = StateText(run.standing);
  if (run.retained_until != 0) entry.retained_until = UtcText(run.retained_until);
  entry.rolled_back = run.was_rolled_back;
  entry.partitions = record.info.partitions;
  for (const PublishInput& input : record.info.inputs) {
    entry.inputs.push_back({input.path, input.size_bytes, input.rows});
  }
  entry.notes = record.notes;
  return entry;
}

}  // namespace

Result<History> ReadHistory(const std::string& dataset, int64_t entries_max) {
  ARROW_ASSIGN_OR_RAISE(const DatasetHistory read,
                        ReadHistory(Env::Default(), dataset, entries_max));
  History history;
  history.target = read.target;
  history.entries_total = read.runs_total;
  history.rescued = read.rescued;
  for (const LedgerRun& run : read.runs) history.entries.push_back(ToEntry(run));
  return history;
}

Result<LedgerEntry> ShowLedgerEntry(const std::string& dataset, const std::string& run) {
  ARROW_ASSIGN_OR_RAISE(const LedgerRun found, ReadLedgerRun(Env::Default(), dataset, run));
  return ToEntry(found);
}

Result<RollbackResult> RollBackDataset(const std::string& dataset, const std::string& run,
                                       std::optional<int64_t> retain_seconds) {
  RollbackOptions options;
  options.target = dataset;
  options.run = run;
  options.retain_seconds = retain_seconds;
  ARROW_ASSIGN_OR_RAISE(RollbackOutcome outcome, Rollback(Env::Default(), options));
  RollbackResult result;
  result.run_id = outcome.run_id;
  result.restored_run = outcome.restored_run;
  result.replaced_run = outcome.replaced_run;
  result.files = outcome.files;
  result.notes = std::move(outcome.notes);
  if (const auto retained = ParseGenerationName(outcome.retained_as)) {
    result.retained_until = UtcText(retained->until);
  }
  return result;
}

Result<VacuumResult> VacuumDataset(const std::string& dataset, const VacuumRequest& request) {
  VacuumOptions options;
  options.target = dataset;
  options.older_than_seconds = request.older_than_seconds;
  if (request.dry_run) options.effect = VacuumEffect::kTell;
  ARROW_ASSIGN_OR_RAISE(VacuumOutcome outcome, Vacuum(Env::Default(), options));
  VacuumResult result;
  for (const VacuumedGeneration& removed : outcome.removed) {
    result.removed.push_back({removed.generation.run_id, UtcText(removed.generation.since),
                              UtcText(removed.generation.until), removed.files,
                              removed.freed_bytes});
  }
  result.kept_generations = static_cast<int64_t>(outcome.kept.size());
  for (VacuumedRejects& file : outcome.rejects) {
    result.removed_rejects.push_back(std::move(file.path));
    result.freed_rejects_bytes += file.bytes;
  }
  result.rescued = std::move(outcome.rescued);
  result.notes = std::move(outcome.notes);
  return result;
}

Result<std::vector<std::string>> RecoverTarget(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(RecoveryOutcome outcome, Recover(Env::Default(), path));
  std::vector<std::string> lines = std::move(outcome.actions);
  lines.insert(lines.end(), outcome.notes.begin(), outcome.notes.end());
  return lines;
}

}  // namespace headrace
