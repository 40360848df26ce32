#include "commit/single_file_transaction.h"

#include "commit/errors.h"
#include "commit/group_record.h"
#include "commit/layout.h"
#include "commit/recovery.h"
#include "commit/target.h"

namespace headrace {

Result<std::unique_ptr<Transaction>> SingleFileTransaction::Begin(Env* env,
                                                                  TransactionOptions options) {
  ARROW_ASSIGN_OR_RAISE(const bool has_leftovers,
                        SingleFileLock::HasLeftovers(env, options.target));
  if (!has_leftovers) ARROW_RETURN_NOT_OK(CheckTargetNow(env, options).status());
  RecoveryOutcome recovered;
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<SingleFileLock> lock,
                        SingleFileLock::LockAndRecover(env, options.target, &recovered));
  ARROW_RETURN_NOT_OK(CheckTargetNow(env, options).status());
  std::unique_ptr<SingleFileTransaction> transaction(
      new SingleFileTransaction(env, std::move(options), std::move(lock)));
  transaction->notes_ = RecoveryNotes(std::move(recovered));
  return transaction;
}

SingleFileTransaction::SingleFileTransaction(Env* env, TransactionOptions options,
                                             std::unique_ptr<SingleFileLock> lock)
    : env_(env),
      options_(std::move(options)),
      lock_(std::move(lock)),
      temporary_(SingleFileTemporaryPath(options_.target, options_.run_id)),
      staging_(env, temporary_,
               {.kind = TargetKind::kSingleFile, .durability = options_.durability}),
      quarantine_(env, options_, SingleFileQuarantinePath(options_.target, options_.run_id)) {}

SingleFileTransaction::~SingleFileTransaction() {
  if (state_ != State::kStaged) return;
  // What cannot be removed now is removed by the next run.
  Status removed = quarantine_.TakeBack();
  if (removed.ok()) removed = env_->RemoveFile(temporary_);
  if (is_member_) removed = env_->RemoveFile(marker());
}

Result<std::unique_ptr<WritableFile>> SingleFileTransaction::OpenStaged(
    const std::string& relative_path, OpenMode mode) {
  Result<std::unique_ptr<WritableFile>> file = OpenTemporary(relative_path, mode);
  ARROW_RETURN_NOT_OK(TargetError(file.status(), "cannot stage"));
  return file;
}

Result<std::unique_ptr<WritableFile>> SingleFileTransaction::OpenTemporary(
    const std::string& relative_path, OpenMode mode) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<WritableFile> file, staging_.Open(relative_path, mode));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env_->Stat(options_.target));
  if (target) {
    // Before the first byte, so that what only some may read is not open to all while it is being
    // written. The owner may write in any case: the file may be opened again.
    constexpr uint32_t kOwnerMayWrite = 0200;
    ARROW_RETURN_NOT_OK(env_->SetPermissions(temporary_, target->mode | kOwnerMayWrite));
  }
  return file;
}

Status SingleFileTransaction::Prepare(const PublishInfo& /*info*/, const GroupPlace& group) {
  HEADRACE_CHECK(state_ == State::kStaged);
  ARROW_RETURN_NOT_OK(staging_.CheckComplete());
  ARROW_RETURN_NOT_OK(quarantine_.CheckComplete());
  const Result<std::optional<FileStat>> staged = env_->StatNoFollow(temporary_);
  ARROW_RETURN_NOT_OK(CommitError(staged.status(), "nothing was published"));
  if (!*staged) {
    return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode,
                     "nothing was published: no file was staged: {}", temporary_);
  }
  staged_inode_ = (*staged)->inode;
  if (group.empty()) return CommitError(PublishQuarantine(), "nothing was published");
  // Alone, the rename itself refuses; here other targets would have been switched by then.
  ARROW_RETURN_NOT_OK(
      CommitError(CheckTargetNow(env_, options_).status(), "nothing was published"));
  is_member_ = true;
  const SingleFileMember member{group, options_.mode};
  ARROW_RETURN_NOT_OK(
      CommitError(WriteSingleFileMember(env_, options_, member), "nothing was published"));
  return CommitError(PublishQuarantine(), "nothing was published");
}

Status SingleFileTransaction::PublishQuarantine() {
  if (!quarantine_.is_staged()) return Status::OK();
  ARROW_RETURN_NOT_OK(quarantine_.MakePlace());
  if (options_.durability == Durability::kFull) {
    // The temporary's name tells recovery that the run is at work.
    ARROW_RETURN_NOT_OK(env_->SyncDirectory(DatasetLayout(options_.target).side()));
    ARROW_RETURN_NOT_OK(env_->SyncDirectory(ParentPath(options_.target)));
  }
  return quarantine_.PutInPlace();
}

Status SingleFileTransaction::SwapIn() {
  ARROW_RETURN_NOT_OK(LearnOutcome(RenameIntoPlace()));
  return SyncParent();
}

PublishOutcome SingleFileTransaction::Finish() {
  if (is_member_) {
    const Status removed = env_->RemoveFile(marker());
    if (!removed.ok()) {
      notes_.push_back(fmt::format("published, but cleaning up was left to the next run: {}",
                                   removed.message()));
    }
  }
  PublishOutcome outcome;
  outcome.notes = std::move(notes_);
  return outcome;
}

std::string SingleFileTransaction::marker() const {
  return SingleFileMemberPath(options_.target, options_.run_id);
}

Status SingleFileTransaction::RenameIntoPlace() {
  if (options_.mode == PublishMode::kCreate) return RenameNew();
  return env_->Rename(temporary_, options_.target, RenameMode::kReplace);
}

Status SingleFileTransaction::RenameNew() {
  const Status renamed = env_->Rename(temporary_, options_.target, RenameMode::kNoReplace);
  if (!IsNotSupported(renamed)) return renamed;
  // A link is refused as atomically when the name is taken.
  const Status linked = env_->HardLink(temporary_, options_.target);
  if (linked.ok()) return env_->RemoveFile(temporary_);
  if (!IsNotSupported(linked)) return linked;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env_->StatNoFollow(options_.target));
  if (found) {
    return MakeError(ErrorKind::kSink, kTargetExists, "target was created during the run: {}",
                     options_.target);
  }
  notes_.emplace_back("no guarded rename on this file system: the target was looked at before it");
  return env_->Rename(temporary_, options_.target, RenameMode::kReplace);
}

Status SingleFileTransaction::LearnOutcome(const Status& renamed) {
  state_ = State::kPublished;
  if (renamed.ok()) return renamed;
  const Result<std::optional<FileStat>> target = env_->StatNoFollow(options_.target);
  if (target.ok() && *target && (*target)->inode == staged_inode_) return Status::OK();
  if (target.ok()) {
    state_ = State::kStaged;
    return is_member_ ? CommitError(renamed, "cannot be put in its place")
                      : CommitError(renamed, "nothing was published");
  }
  state_ = State::kUnknown;
  return is_member_ ? NotSwitched(options_.target, renamed)
                    : RenameOutcomeUnknown("file", options_.target, renamed);
}

Status SingleFileTransaction::SyncParent() {
  if (options_.durability == Durability::kNone) return Status::OK();
  const Status synced = env_->SyncDirectory(ParentPath(options_.target));
  if (synced.ok()) return synced;
  state_ = State::kUnknown;
  return is_member_ ? NotSwitched(options_.target, synced)
                    : NotKnownDurable("file", options_.target, synced);
}

}  // namespace headrace
