#include "commit/recovery.h"

#include "commit/errors.h"
#include "commit/generations.h"
#include "commit/group_record.h"
#include "commit/ledger.h"
#include "commit/quarantine.h"

namespace headrace {
namespace {

// Moves the generation `name` out of the transaction to where the next cleaning does not look.
Status Rescue(Env* env, const DatasetLayout& layout, const std::string& run_id,
              const std::string& path, std::vector<std::string>* notes) {
  const std::string rescued = layout.rescued(run_id);
  ARROW_RETURN_NOT_OK(env->Rename(path, rescued, RenameMode::kReplace));
  ARROW_RETURN_NOT_OK(env->SyncDirectory(layout.side()));
  notes->push_back(fmt::format(
      "the target was replaced by another program during a run; its content was kept: {}",
      rescued));
  return Status::OK();
}

// Removes one tree of a transaction, or retains or rescues it.
Status RemoveLosingTree(Env* env, const DatasetLayout& layout, const std::string& run_id,
                        const std::string& path, const JournalRecord* record,
                        std::vector<std::string>* notes) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> tree, env->StatNoFollow(path));
  if (!tree) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env->StatNoFollow(layout.target()));
  // Never the tree that readers see, whatever the names say.
  if (target && target->inode == tree->inode && target->device == tree->device) {
    return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode,
                     "target and staging directory are one directory; check the file system: {}",
                     path);
  }
  const bool is_old_place = BaseName(path) == kOldGenerationName;
  bool is_loser =
      record == nullptr || tree->inode == record->new_inode || tree->inode == record->old_inode;
  // In old/ stands what was the target: it has lost only when the new generation took its place.
  if (is_old_place) is_loser = record != nullptr && target && target->inode == record->new_inode;
  if (!is_loser) return Rescue(env, layout, run_id, path, notes);
  const bool is_retained =
      record != nullptr && !record->retained_as.empty() && tree->inode == record->old_inode;
  return is_retained ? RetainGeneration(env, layout, path, record->retained_as, record->durability)
                     : env->RemoveTree(path);
}

// Between the two renames of a file system that cannot exchange, there is no target. Nearly done:
// the new generation was durable before the first of them, so it goes in; the old one goes back
// when the new one is not there.
Status RestoreTarget(Env* env, const DatasetLayout& layout, const std::string& run_id,
                     const JournalRecord* record, std::vector<std::string>* notes) {
  const std::string directory = layout.transaction(run_id);
  const std::string old_generation = JoinPath(directory, kOldGenerationName);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> old_tree, env->StatNoFollow(old_generation));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env->StatNoFollow(layout.target()));
  if (target || !old_tree) return Status::OK();
  const std::string new_generation = JoinPath(directory, kGenerationName);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> new_tree, env->StatNoFollow(new_generation));
  const bool forward = record != nullptr && new_tree && new_tree->inode == record->new_inode;
  notes->push_back(forward
                       ? fmt::format("the publish of run {} was finished", run_id)
                       : fmt::format("the dataset as it was before run {} was put back", run_id));
  return env->Rename(forward ? new_generation : old_generation, layout.target(),
                     RenameMode::kReplace);
}

// The group that this transaction belongs to is published, and the process died before this target
// was switched.
Status FinishSwitch(Env* env, const DatasetLayout& layout, const JournalRecord& record,
                    std::vector<std::string>* notes) {
  const std::string directory = layout.transaction(record.run_id);
  const std::string generation = JoinPath(directory, kGenerationName);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> new_tree, env->StatNoFollow(generation));
  if (!new_tree || new_tree->inode != record.new_inode) return Status::OK();
  notes->push_back(fmt::format("the publish of run {} was finished", record.run_id));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env->StatNoFollow(layout.target()));
  if (!target) return env->Rename(generation, layout.target(), RenameMode::kReplace);
  const Status renamed = env->Rename(generation, layout.target(), RenameMode::kExchange);
  if (!IsNotSupported(renamed)) return renamed;
  const std::string old_generation = JoinPath(directory, kOldGenerationName);
  ARROW_RETURN_NOT_OK(env->Rename(layout.target(), old_generation, RenameMode::kReplace));
  return env->Rename(generation, layout.target(), RenameMode::kReplace);
}

// Whether the target is the generation that this transaction made. The journal goes before the
// transaction's directory does, and then the ledger knows.
Result<bool> WasPublished(Env* env, const DatasetLayout& layout, const std::string& run_id,
                          const JournalRecord* record) {
  if (record == nullptr) return LedgerHas(env, layout.ledger(), run_id);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env->StatNoFollow(layout.target()));
  return target && target->inode == record->new_inode;
}

Status RecoverTransaction(Env* env, const DatasetLayout& layout, const std::string& run_id,
                          RecoveryOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<JournalRecord> journal,
                        ReadJournal(env, layout.transaction(run_id)));
  const JournalRecord* record = journal ? &*journal : nullptr;
  ARROW_RETURN_NOT_OK(RestoreTarget(env, layout, run_id, record, &outcome->notes));
  GroupPlace group;
  if (journal && !journal->group.empty()) {
    group = {PlaceFromText(layout.parent(), journal->group), journal->group_parent_inode};
  }
  ARROW_ASSIGN_OR_RAISE(const bool in_published_group,
                        IsGroupPublished(env, group, layout.target(), layout.transaction(run_id)));
  if (in_published_group) {
    ARROW_RETURN_NOT_OK(FinishSwitch(env, layout, *record, &outcome->notes));
  }
  ARROW_ASSIGN_OR_RAISE(const bool published, WasPublished(env, layout, run_id, record));
  // The dead process may have renamed without reaching its fsync. Until that is durable the losing
  // tree is the only copy of what a loss of power would bring back.
  ARROW_RETURN_NOT_OK(env->SyncDirectory(layout.parent()));
  if (published) {
    ARROW_ASSIGN_OR_RAISE(const bool in_ledger, LedgerHas(env, layout.ledger(), run_id));
    if (!in_ledger) ARROW_RETURN_NOT_OK(AppendToLedger(env, layout.ledger(), *record));
    // The line, or the ledger itself, may be what the dead process wrote last.
    ARROW_RETURN_NOT_OK(SyncLedger(env, layout.ledger()));
    ++outcome->transactions_rolled_forward;
    outcome->actions.push_back(
        fmt::format("finished run {}: it was published, and is in the ledger now", run_id));
  } else {
    ARROW_RETURN_NOT_OK(RemoveQuarantined(env, layout.target(), run_id, TargetKind::kDataset));
    ++outcome->transactions_rolled_back;
    outcome->actions.push_back(
        fmt::format("undid run {}: the dataset is as it was before it", run_id));
  }
  // The dead process may have removed old/, or moved the old generation to where it is retained,
  // without making that durable; the journal must not go before it.
  if (record != nullptr && record->old_inode != 0) {
    ARROW_RETURN_NOT_OK(env->SyncDirectory(layout.transaction(run_id)));
  }
  ARROW_RETURN_NOT_OK(RemoveTransaction(env, layout, run_id, record, &outcome->notes));
  return LeaveGroup(env, group.path, outcome);
}

}  // namespace

Status LeaveGroup(Env* env, const std::string& group, RecoveryOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(auto unfinished, ForgetGroup(env, group));
  if (!unfinished.empty()) outcome->unfinished_groups.push_back({group, std::move(unfinished)});
  return Status::OK();
}

Status RemoveTransaction(Env* env, const DatasetLayout& layout, const std::string& run_id,
                         const JournalRecord* record, std::vector<std::string>* notes) {
  const std::string directory = layout.transaction(run_id);
  const std::string old_generation = JoinPath(directory, kOldGenerationName);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> old_tree, env->StatNoFollow(old_generation));
  if (old_tree) {
    ARROW_RETURN_NOT_OK(RemoveLosingTree(env, layout, run_id, old_generation, record, notes));
    // Without the journal, what stands in old/ could not be told from the only copy; so it must be
    // gone first for good. What is retained is gone with the sync of where it went.
    const bool is_retained = record != nullptr && !record->retained_as.empty();
    if (!is_retained) ARROW_RETURN_NOT_OK(env->SyncDirectory(directory));
  }
  const std::string generation = JoinPath(directory, kGenerationName);
  ARROW_RETURN_NOT_OK(RemoveLosingTree(env, layout, run_id, generation, record, notes));
  return env->RemoveTree(directory);
}

Status RecoverDataset(Env* env, const SideDirectory& side, RecoveryOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(side.layout().side()));
  constexpr std::string_view kPrefix = kTransactionPrefix;
  for (const DirectoryEntry& entry : entries) {
    if (entry.type != FileType::kDirectory || !entry.name.starts_with(kPrefix)) continue;
    const std::string run_id = entry.name.substr(kPrefix.size());
    ARROW_RETURN_NOT_OK(RecoverTransaction(env, side.layout(), run_id, outcome));
  }
  // Of runs whose other targets were recovered by themselves, or have still to be.
  for (const DirectoryEntry& entry : entries) {
    if (entry.type != FileType::kFile || !entry.name.starts_with(kGroupPrefix)) continue;
    const std::string group = JoinPath(side.layout().side(), entry.name);
    const bool is_cut_short = entry.name.ends_with(kTemporarySuffix);
    ARROW_RETURN_NOT_OK(is_cut_short ? env->RemoveFile(group) : LeaveGroup(env, group, outcome));
  }
  return FinishRemovals(env, side.layout());
}

std::vector<std::string> RecoveryNotes(RecoveryOutcome recovered) {
  std::vector<std::string> notes = std::move(recovered.notes);
  if (recovered.transactions_rolled_back + recovered.transactions_rolled_forward > 0) {
    notes.push_back(fmt::format("cleaned up after runs that died: {} undone, {} finished",
                                recovered.transactions_rolled_back,
                                recovered.transactions_rolled_forward));
  }
  for (const auto& group : recovered.unfinished_groups) {
    for (const std::string& target : group.targets) {
      notes.push_back(fmt::format(
          "a run that died published to {} too, where it is not in its place yet; headrace recover "
          "{} finishes it",
          target, target));
    }
  }
  return notes;
}

Result<std::unique_ptr<SideDirectory>> LockAndRecover(Env* env, DatasetLayout layout,
                                                      std::vector<std::string>* notes) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<SideDirectory> side,
                        SideDirectory::Lock(env, std::move(layout)));
  RecoveryOutcome recovered;
  ARROW_RETURN_NOT_OK(RecoverDataset(env, *side, &recovered));
  *notes = RecoveryNotes(std::move(recovered));
  // Nothing that a run waits for.
  const Status removed = RemoveExpiredGenerations(env, side->layout(), env->Now());
  if (!removed.ok()) {
    notes->push_back(
        fmt::format("an expired generation could not be removed: {}", removed.message()));
  }
  return side;
}

}  // namespace headrace
