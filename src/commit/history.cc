#include "commit/history.h"

#include <algorithm>
#include <deque>

#include "commit/errors.h"
#include "commit/generations.h"
#include "commit/ledger.h"
#include "commit/target.h"

namespace headrace {
namespace {

// What stands beside the ledger, and decides how its runs stand.
struct Surroundings {
  uint64_t target_inode = 0;
  std::vector<RetainedGeneration> generations;
};

Result<Surroundings> LookAround(Env* env, const DatasetLayout& layout) {
  Surroundings around;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env->Stat(layout.target()));
  if (target) around.target_inode = target->inode;
  ARROW_ASSIGN_OR_RAISE(around.generations, ListGenerations(env, layout));
  return around;
}

void Judge(const Surroundings& around, const JournalRecord* next, LedgerRun* run) {
  const JournalRecord& record = run->record;
  for (const RetainedGeneration& generation : around.generations) {
    if (generation.run_id != record.run_id) continue;
    run->standing = RunStanding::kRetained;
    run->retained_until = generation.until;
  }
  // Only of the last: the kernel uses numbers of inodes again.
  const bool is_current = next == nullptr && record.new_inode == around.target_inode;
  if (is_current) run->standing = RunStanding::kCurrent;
  run->was_rolled_back = next != nullptr && next->mode == PublishMode::kRollback;
}

Result<DatasetLayout> FindDataset(Env* env, const std::string& target) {
  ARROW_ASSIGN_OR_RAISE(const ResolvedTarget resolved, ResolveTarget(env, target));
  DatasetLayout layout(resolved.path);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> ledger, env->Stat(layout.ledger()));
  if (!ledger) return NoHistory(resolved.path);
  return layout;
}

Status FillHistory(Env* env, const DatasetLayout& layout, int64_t runs_max,
                   DatasetHistory* history) {
  ARROW_ASSIGN_OR_RAISE(const Surroundings around, LookAround(env, layout));
  std::deque<JournalRecord> newest;  // one more than asked for is never held
  ARROW_RETURN_NOT_OK(ForEachLedgerRecord(env, layout.ledger(), RecordParts::kWithoutLists,
                                          [&](const JournalRecord& record) {
                                            ++history->runs_total;
                                            newest.push_back(record);
                                            if (static_cast<int64_t>(newest.size()) > runs_max) {
                                              newest.pop_front();
                                            }
                                            return true;
                                          }));
  const JournalRecord* next = nullptr;
  for (auto record = newest.rbegin(); record != newest.rend(); ++record) {
    LedgerRun& run = history->runs.emplace_back();
    run.record = *record;
    Judge(around, next, &run);
    next = &*record;
  }
  return ListRescued(env, layout, &history->rescued);
}

Result<LedgerRun> FindRun(Env* env, const DatasetLayout& layout, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const std::string run_id, ResolveRun(env, layout.ledger(), name));
  ARROW_ASSIGN_OR_RAISE(const Surroundings around, LookAround(env, layout));
  LedgerRun run;
  std::optional<JournalRecord> next;
  bool found = false;
  ARROW_RETURN_NOT_OK(ForEachLedgerRecord(env, layout.ledger(), RecordParts::kWithoutLists,
                                          [&](const JournalRecord& record) {
                                            if (found) next = record;
                                            found = found || record.run_id == run_id;
                                            return !next;
                                          }));
  ARROW_ASSIGN_OR_RAISE(std::optional<JournalRecord> record,
                        FindInLedger(env, layout.ledger(), run_id));
  if (!record) return NoHistory(layout.target());
  run.record = std::move(*record);
  Judge(around, next ? &*next : nullptr, &run);
  return run;
}

}  // namespace

Result<DatasetHistory> ReadHistory(Env* env, const std::string& target, int64_t runs_max) {
  const Result<DatasetLayout> layout = FindDataset(env, target);
  ARROW_RETURN_NOT_OK(TargetError(layout.status(), "cannot read the history"));
  DatasetHistory history;
  history.target = layout->target();
  ARROW_RETURN_NOT_OK(
      TargetError(FillHistory(env, *layout, std::max<int64_t>(runs_max, 1), &history),
                  "cannot read the history"));
  return history;
}

Result<LedgerRun> ReadLedgerRun(Env* env, const std::string& target, const std::string& name) {
  const Result<DatasetLayout> layout = FindDataset(env, target);
  ARROW_RETURN_NOT_OK(TargetError(layout.status(), "cannot read the history"));
  Result<LedgerRun> run = FindRun(env, *layout, name);
  ARROW_RETURN_NOT_OK(TargetError(run.status(), "cannot read the history"));
  return run;
}

}  // namespace headrace
