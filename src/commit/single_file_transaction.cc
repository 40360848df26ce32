#include "commit/single_file_transaction.h"

#include "commit/errors.h"
#include "commit/layout.h"
#include "commit/side_directory.h"
#include "commit/target.h"

namespace headrace {
namespace {

Result<std::vector<std::string>> ListTemporaries(Env* env, const std::string& target) {
  const std::string parent = ParentPath(target);
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(parent));
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : entries) {
    if (entry.type == FileType::kFile && IsSingleFileTemporary(target, entry.name)) {
      paths.push_back(JoinPath(parent, entry.name));
    }
  }
  return paths;
}

}  // namespace

Result<bool> SingleFileLock::HasLeftovers(Env* env, const std::string& target) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> lock,
                        env->StatNoFollow(SingleFileLockPath(target)));
  if (lock) return true;
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> temporaries, ListTemporaries(env, target));
  return !temporaries.empty();
}

Result<std::unique_ptr<SingleFileLock>> SingleFileLock::LockAndRecover(Env* env,
                                                                       const std::string& target,
                                                                       int64_t* rolled_back) {
  const std::string path = SingleFileLockPath(target);
  Result<std::unique_ptr<FileLock>> locked = env->TryLock(path);
  if (IsNotSupported(locked.status())) {
    // Nobody can hold it, and a refused run leaves nothing behind.
    [[maybe_unused]] const Status removed = env->RemoveFile(path);
    return NoFileLocks(target, locked.status());
  }
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<FileLock> file_lock, std::move(locked));
  if (file_lock == nullptr) return LockedError(env, target, path);
  std::unique_ptr<SingleFileLock> lock(new SingleFileLock(env, path, std::move(file_lock)));
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> temporaries, ListTemporaries(env, target));
  for (const std::string& temporary : temporaries) {
    ARROW_RETURN_NOT_OK(env->RemoveFile(temporary));
    ++*rolled_back;
  }
  return lock;
}

SingleFileLock::SingleFileLock(Env* env, std::string path, std::unique_ptr<FileLock> lock)
    : env_(env), path_(std::move(path)), lock_(std::move(lock)) {}

SingleFileLock::~SingleFileLock() {
  // Removed while held: whoever opened the file meanwhile finds that its name is gone and starts
  // again.
  [[maybe_unused]] const Status removed = env_->RemoveFile(path_);
}

Result<std::unique_ptr<Transaction>> SingleFileTransaction::Begin(Env* env,
                                                                  TransactionOptions options) {
  ARROW_ASSIGN_OR_RAISE(const bool has_leftovers,
                        SingleFileLock::HasLeftovers(env, options.target));
  if (!has_leftovers) ARROW_RETURN_NOT_OK(CheckTargetNow(env, options).status());
  int64_t rolled_back = 0;
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<SingleFileLock> lock,
                        SingleFileLock::LockAndRecover(env, options.target, &rolled_back));
  ARROW_RETURN_NOT_OK(CheckTargetNow(env, options).status());
  std::unique_ptr<SingleFileTransaction> transaction(
      new SingleFileTransaction(env, std::move(options), std::move(lock)));
  if (rolled_back > 0) {
    transaction->notes_.push_back(
        fmt::format("cleaned up after runs that died: {} undone", rolled_back));
  }
  return transaction;
}

SingleFileTransaction::SingleFileTransaction(Env* env, TransactionOptions options,
                                             std::unique_ptr<SingleFileLock> lock)
    : env_(env),
      options_(std::move(options)),
      lock_(std::move(lock)),
      temporary_(SingleFileTemporaryPath(options_.target, options_.run_id)),
      staging_(env, temporary_, TargetKind::kSingleFile) {}

SingleFileTransaction::~SingleFileTransaction() {
  if (state_ != State::kStaged) return;
  // What cannot be removed now is removed by the next run.
  [[maybe_unused]] const Status removed = env_->RemoveFile(temporary_);
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

Result<PublishOutcome> SingleFileTransaction::Publish(const PublishInfo& info) {
  HEADRACE_CHECK(state_ == State::kStaged);
  ARROW_RETURN_NOT_OK(staging_.CheckComplete(options_.durability));
  const Result<std::optional<FileStat>> staged = env_->StatNoFollow(temporary_);
  ARROW_RETURN_NOT_OK(CommitError(staged.status(), "nothing was published"));
  if (!*staged) {
    return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode,
                     "nothing was published: no file was staged: {}", temporary_);
  }
  ARROW_RETURN_NOT_OK(LearnOutcome(RenameIntoPlace(), (*staged)->inode));
  ARROW_RETURN_NOT_OK(SyncParent());
  PublishOutcome outcome;
  outcome.notes = std::move(notes_);
  return outcome;
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

Status SingleFileTransaction::LearnOutcome(const Status& renamed, uint64_t staged_inode) {
  state_ = State::kPublished;
  if (renamed.ok()) return renamed;
  const Result<std::optional<FileStat>> target = env_->StatNoFollow(options_.target);
  if (target.ok() && *target && (*target)->inode == staged_inode) return Status::OK();
  if (target.ok()) {
    state_ = State::kStaged;
    return CommitError(renamed, "nothing was published");
  }
  state_ = State::kUnknown;
  return RenameOutcomeUnknown("file", options_.target, renamed);
}

Status SingleFileTransaction::SyncParent() {
  if (options_.durability == Durability::kNone) return Status::OK();
  const Status synced = env_->SyncDirectory(ParentPath(options_.target));
  if (synced.ok()) return synced;
  state_ = State::kUnknown;
  return NotKnownDurable("file", options_.target, synced);
}

}  // namespace headrace
