#include "commit/dataset_transaction.h"

#include "base/utc_text.h"
#include "commit/errors.h"
#include "commit/generations.h"
#include "commit/group_record.h"
#include "commit/ledger.h"
#include "commit/recovery.h"
#include "commit/target.h"

namespace headrace {

Result<std::unique_ptr<Transaction>> DatasetTransaction::Begin(Env* env,
                                                               TransactionOptions options) {
  DatasetLayout layout(options.target);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> side_found, env->Stat(layout.side()));
  // A refused run leaves nothing behind; only where a side directory stands may recovery change
  // what is found.
  if (!side_found) ARROW_RETURN_NOT_OK(CheckTargetNow(env, options).status());
  std::vector<std::string> notes;
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<SideDirectory> side,
                        LockAndRecover(env, std::move(layout), &notes));
  std::string target = options.target;
  std::unique_ptr<DatasetTransaction> transaction(new DatasetTransaction(
      env, std::move(options), std::move(side), std::move(notes), std::move(target)));
  ARROW_RETURN_NOT_OK(transaction->FindPublishedBefore());
  if (transaction->published_before_) return transaction;
  ARROW_RETURN_NOT_OK(CheckTargetNow(env, transaction->options_).status());
  ARROW_RETURN_NOT_OK(transaction->MakeDirectories());
  return transaction;
}

Result<std::unique_ptr<Transaction>> DatasetTransaction::BeginRollback(
    Env* env, TransactionOptions options, std::unique_ptr<SideDirectory> side,
    std::vector<std::string> notes, const std::string& generation, const JournalRecord& restored) {
  ARROW_RETURN_NOT_OK(CheckTargetNow(env, options).status());
  std::unique_ptr<DatasetTransaction> transaction(new DatasetTransaction(
      env, std::move(options), std::move(side), std::move(notes), generation));
  transaction->restored_ = restored;
  ARROW_RETURN_NOT_OK(transaction->MakeDirectories());
  return transaction;
}

DatasetTransaction::DatasetTransaction(Env* env, TransactionOptions options,
                                       std::unique_ptr<SideDirectory> side,
                                       std::vector<std::string> notes, std::string kept_from)
    : env_(env),
      options_(std::move(options)),
      side_(std::move(side)),
      directory_(side_->layout().transaction(options_.run_id)),
      generation_(JoinPath(directory_, kGenerationName)),
      kept_from_(std::move(kept_from)),
      staging_(env, generation_,
               {.durability = options_.durability,
                .old_root = kept_from_,
                .synced_alone = options_.files_synced_alone}),
      quarantine_(env, options_, JoinPath(directory_, kQuarantineName)),
      notes_(std::move(notes)) {}

DatasetTransaction::~DatasetTransaction() {
  if (state_ != State::kStaged || published_before_) return;
  // What cannot be removed now is removed by the next run.
  std::vector<std::string> notes;
  Status removed = quarantine_.TakeBack();
  if (removed.ok()) {
    removed = RemoveTransaction(env_, layout(), options_.run_id, nullptr, &notes);
  }
  if (removed.ok() && options_.retain_seconds > 0) removed = FinishRemovals(env_, layout());
}

Status DatasetTransaction::FindPublishedBefore() {
  if (options_.run_id_origin == RunIdOrigin::kGenerated) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(std::optional<JournalRecord> found,
                        FindInLedger(env_, layout().ledger(), options_.run_id));
  if (!found) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env_->Stat(options_.target));
  if (!target) {
    return MakeError(
        ErrorKind::kSink, kPublishedButGone,
        "run {} was published there on {}, and nothing stands there any more: {}; give "
        "another run id",
        options_.run_id, found->prepared_at, options_.target);
  }
  published_before_ = std::move(found->info);
  return Status::OK();
}

Status DatasetTransaction::MakeDirectories() {
  ARROW_RETURN_NOT_OK(env_->CreateDirectory(directory_));
  ARROW_RETURN_NOT_OK(env_->CreateDirectory(generation_));
  ARROW_ASSIGN_OR_RAISE(std::optional<FileStat> like, env_->Stat(options_.target));
  if (!like && restored_) {
    ARROW_ASSIGN_OR_RAISE(like, env_->Stat(kept_from_));
  }
  // From the start, so that what only some may read is not open to all while it is being written.
  return like ? env_->SetPermissions(generation_, like->mode) : Status::OK();
}

Result<std::unique_ptr<WritableFile>> DatasetTransaction::OpenStaged(
    const std::string& relative_path, OpenMode mode) {
  HEADRACE_CHECK(!published_before_);
  Result<std::unique_ptr<WritableFile>> file = staging_.Open(relative_path, mode);
  ARROW_RETURN_NOT_OK(TargetError(file.status(), "cannot stage"));
  return file;
}

Status DatasetTransaction::Prepare(const PublishInfo& info, const GroupPlace& group) {
  HEADRACE_CHECK(state_ == State::kStaged && !published_before_);
  return CommitError(WriteDown(info, group), "nothing was published");
}

Status DatasetTransaction::WriteDown(const PublishInfo& info, const GroupPlace& group) {
  ARROW_RETURN_NOT_OK(staging_.CheckComplete());
  ARROW_RETURN_NOT_OK(quarantine_.CheckComplete());
  // Long after Begin: somebody who takes no lock may have been there. Where files are kept, keeping
  // them looks as closely.
  const bool keeps =
      options_.mode == PublishMode::kAppend || options_.mode == PublishMode::kOverwritePartitions;
  // One look: what appears after it meets a rename that replaces nothing, or is rescued.
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target,
                        keeps ? env_->Stat(options_.target) : CheckTargetNow(env_, options_));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> generation, env_->Stat(generation_));
  if (!generation) {
    return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode,
                     "the staging directory was removed during the run: {}; run again",
                     generation_);
  }
  record_.run_id = options_.run_id;
  record_.plan_hash = info.plan_hash;
  record_.mode = options_.mode;
  record_.durability = options_.durability;
  record_.new_inode = generation->inode;
  record_.info = info;
  if (!group.empty()) {
    record_.group = PlaceText(layout().parent(), group.path);
    record_.group_parent_inode = group.parent_inode;
  }
  ARROW_RETURN_NOT_OK(LearnOldGeneration(target));
  if (target || restored_) ARROW_RETURN_NOT_OK(KeepOldFiles(info));
  ARROW_RETURN_NOT_OK(staging_.CheckNames());
  record_.notes = notes_;
  ARROW_RETURN_NOT_OK(WriteJournal(env_, directory_, record_));
  ARROW_RETURN_NOT_OK(quarantine_.MakePlace());
  if (durable()) ARROW_RETURN_NOT_OK(SyncBeforeRename());
  return quarantine_.PutInPlace();
}

// Who wrote it, and where it goes.
Status DatasetTransaction::LearnOldGeneration(const std::optional<FileStat>& target) {
  const std::time_t now = env_->Now();
  record_.old_inode = target ? target->inode : 0;
  record_.prepared_at = UtcText(now);
  record_.retain_seconds = options_.retain_seconds;
  if (restored_) record_.rolled_back_to = restored_->run_id;
  ARROW_ASSIGN_OR_RAISE(last_, LastLedgerRecord(env_, layout().ledger()));
  if (!target) return Status::OK();
  if (last_ && last_->new_inode == record_.old_inode) record_.replaced_run = last_->run_id;
  if (options_.retain_seconds <= 0) return Status::OK();
  record_.retained_as =
      GenerationName(record_.replaced_run, options_.run_id, now, options_.retain_seconds);
  return env_->CreateDirectory(layout().generations());
}

Status DatasetTransaction::KeepOldFiles(const PublishInfo& info) {
  if (options_.mode == PublishMode::kOverwrite) return Status::OK();
  KeepOptions keep;
  keep.old_root = kept_from_;
  keep.new_root = generation_;
  keep.durability = options_.durability;
  keep.content = LearnKeptContent();
  if (options_.mode == PublishMode::kOverwritePartitions) {
    keep.replaced_directories = staging_.directories_with_files();
    keep.replaced_directories.insert(info.partitions.begin(), info.partitions.end());
  }
  ARROW_ASSIGN_OR_RAISE(const KeepOutcome kept, KeepFiles(env_, keep, &staging_));
  record_.kept_files = kept.kept_files;
  if (kept.cloned_files > 0) {
    notes_.push_back(fmt::format(
        "no hard links on this file system: {} kept files were cloned, sharing their blocks",
        kept.cloned_files));
  }
  if (kept.copied_files > 0) {
    notes_.push_back(fmt::format("no hard links on this file system: {} kept files were copied",
                                 kept.copied_files));
  }
  return Status::OK();
}

KeptContent DatasetTransaction::LearnKeptContent() const {
  if (!durable()) return KeptContent::kDurableAlready;
  const bool was_last = last_ && last_->new_inode == record_.old_inode;
  const std::optional<JournalRecord>& writer = restored_ ? restored_ : last_;
  const bool ours = restored_ || was_last;
  return ours && writer->durability == Durability::kFull ? KeptContent::kDurableAlready
                                                         : KeptContent::kToBeSynced;
}

Status DatasetTransaction::SyncBeforeRename() {
  ARROW_RETURN_NOT_OK(staging_.MakeDurable());
  ARROW_RETURN_NOT_OK(env_->SyncDirectory(layout().side()));
  // The entry of the side directory is durable when the last run asked for that.
  const bool entry_durable = last_ && last_->durability == Durability::kFull;
  return entry_durable ? Status::OK() : env_->SyncDirectory(layout().parent());
}

Status DatasetTransaction::SwapIn() {
  ARROW_RETURN_NOT_OK(LearnOutcome(RenameIntoPlace()));
  if (!durable()) return Status::OK();
  const Status synced = env_->SyncDirectory(layout().parent());
  if (synced.ok()) return synced;
  state_ = State::kUnknown;
  return is_member() ? NotSwitched(options_.target, synced)
                     : NotKnownDurable("dataset", options_.target, synced);
}

Status DatasetTransaction::RenameIntoPlace() {
  if (record_.old_inode == 0) return RenameNew();
  const Status renamed = env_->Rename(generation_, options_.target, RenameMode::kExchange);
  return IsNotSupported(renamed) ? RenameTwice() : renamed;
}

Status DatasetTransaction::RenameNew() {
  const Status renamed = env_->Rename(generation_, options_.target, RenameMode::kNoReplace);
  if (!IsNotSupported(renamed)) return renamed;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env_->StatNoFollow(options_.target));
  if (found) {
    return MakeError(ErrorKind::kSink, kTargetExists, "target was created during the run: {}",
                     options_.target);
  }
  notes_.emplace_back("no guarded rename on this file system: the target was looked at before it");
  return env_->Rename(generation_, options_.target, RenameMode::kReplace);
}

Status DatasetTransaction::RenameTwice() {
  notes_.emplace_back(
      "no exchange of names on this file system: two renames, between which readers find no "
      "dataset");
  const std::string old_generation = JoinPath(directory_, kOldGenerationName);
  const Status set_aside = env_->Rename(options_.target, old_generation, RenameMode::kReplace);
  if (IsNotSupported(set_aside)) return CannotBeRenamed(options_.target, set_aside);
  ARROW_RETURN_NOT_OK(set_aside);
  const Status renamed = env_->Rename(generation_, options_.target, RenameMode::kReplace);
  if (renamed.ok()) return renamed;
  // Back as it was; when that fails too, LearnOutcome finds no target and says so.
  [[maybe_unused]] const Status restored =
      env_->Rename(old_generation, options_.target, RenameMode::kReplace);
  return renamed;
}

Status DatasetTransaction::LearnOutcome(const Status& renamed) {
  state_ = State::kPublished;
  if (renamed.ok()) return renamed;
  const Result<std::optional<FileStat>> found = env_->StatNoFollow(options_.target);
  const uint64_t inode = found.ok() && *found ? (*found)->inode : 0;
  if (inode == record_.new_inode) return Status::OK();
  // The old generation may be back from a rename of its own; until that is durable nothing may be
  // cleaned away.
  const bool old_stands = found.ok() && inode == record_.old_inode && inode != 0 &&
                          (!durable() || env_->SyncDirectory(layout().parent()).ok());
  if (old_stands || (found.ok() && inode == 0 && record_.old_inode == 0)) {
    state_ = State::kStaged;
    return is_member() ? CommitError(renamed, "cannot be put in its place")
                       : CommitError(renamed, "nothing was published");
  }
  if (found.ok() && record_.old_inode == 0) {
    state_ = State::kStaged;
    return MakeError(ErrorKind::kSink, kTargetExists,
                     "nothing was published: another program created the target during the run: "
                     "{}; move it or use another mode",
                     options_.target);
  }
  state_ = State::kUnknown;
  // The other targets become new, so this one does, when it is recovered.
  if (is_member()) return NotSwitched(options_.target, renamed);
  if (found.ok() && inode == 0) return SettleWithoutTarget(renamed);
  return RenameOutcomeUnknown("dataset", options_.target, renamed);
}

Status DatasetTransaction::SettleWithoutTarget(const Status& renamed) {
  const std::string old_generation = JoinPath(directory_, kOldGenerationName);
  const Result<std::optional<FileStat>> found = env_->StatNoFollow(old_generation);
  const bool set_aside = found.ok() && *found && (*found)->inode == record_.old_inode;
  if (!set_aside) return TargetVanished(options_.target, renamed);
  // Without its journal the next run puts the old generation back, so that the same job run again
  // adds its rows once. Where this fails too, the next run puts the new one in.
  if (env_->RemoveFile(JoinPath(directory_, kJournalName)).ok() && durable()) {
    [[maybe_unused]] const Status synced = env_->SyncDirectory(directory_);
  }
  return OldDatasetSetAside(options_.target, old_generation, renamed);
}

PublishOutcome DatasetTransaction::Finish() {
  // The dataset is published, and durable: what fails from here on is the next run's to finish, and
  // no failure of this.
  record_.notes = notes_;
  Status finished = AppendToLedger(env_, layout().ledger(), record_);
  if (finished.ok()) {
    finished = RemoveTransaction(env_, layout(), options_.run_id, &record_, &notes_);
  }
  if (!finished.ok()) {
    notes_.push_back(
        fmt::format("published, but cleaning up was left to the next run: {}", finished.message()));
  }
  PublishOutcome outcome;
  outcome.notes = std::move(notes_);
  outcome.kept_files = record_.kept_files;
  outcome.replaced_run = record_.replaced_run;
  outcome.retained_as = record_.retained_as;
  return outcome;
}

}  // namespace headrace
