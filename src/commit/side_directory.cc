#include "commit/side_directory.h"

#include "commit/errors.h"
#include "env/errno_status.h"

namespace headrace {
namespace {

// Between making the directory and locking in it another run may end and remove both.
constexpr int kLockAttempts = 16;
constexpr int64_t kHolderBytesMax = 4096;

Status CheckSameDevice(Env* env, const DatasetLayout& layout) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> parent, env->Stat(layout.parent()));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> side, env->Stat(layout.side()));
  if (!parent || !side || parent->device == side->device) return Status::OK();
  return MakeError(ErrorKind::kSink, kOtherDevice,
                   "the side directory stands on another device than the dataset, so publishing "
                   "cannot be atomic: {}; unmount or remove it",
                   layout.side());
}

}  // namespace

Status LockedError(Env* env, const std::string& target, const std::string& lock_path) {
  std::string holder = env->ReadWholeFile(lock_path, kHolderBytesMax).ValueOr("");
  while (!holder.empty() && (holder.back() == '\n' || holder.back() == '\0')) holder.pop_back();
  if (holder.empty()) holder = "an unknown process";
  return MakeError(ErrorKind::kLocked, kTargetLocked,
                   "target is being written by another run: {}: held by {}; wait for it or stop it",
                   target, holder);
}

Result<std::unique_ptr<SideDirectory>> SideDirectory::Lock(Env* env, DatasetLayout layout) {
  for (int attempt = 1;; ++attempt) {
    ARROW_RETURN_NOT_OK(env->CreateDirectory(layout.side()));
    Result<std::unique_ptr<FileLock>> lock = env->TryLock(layout.lock());
    if (lock.ok()) {
      if (*lock == nullptr) return LockedError(env, layout.target(), layout.lock());
      std::unique_ptr<SideDirectory> side(
          new SideDirectory(env, std::move(layout), std::move(*lock)));
      ARROW_RETURN_NOT_OK(CheckSameDevice(env, side->layout()));
      return side;
    }
    if (IsNotSupported(lock.status())) {
      // Nobody can hold it, and a refused run leaves nothing behind.
      if (env->RemoveFile(layout.lock()).ok()) {
        [[maybe_unused]] const Status removed = env->RemoveDirectory(layout.side());
      }
      return NoFileLocks(layout.target(), lock.status());
    }
    if (GetErrorCode(lock.status()) != kNotFoundToWrite || attempt == kLockAttempts) {
      return lock.status();
    }
  }
}

SideDirectory::SideDirectory(Env* env, DatasetLayout layout, std::unique_ptr<FileLock> lock)
    : env_(env), layout_(std::move(layout)), lock_(std::move(lock)) {}

SideDirectory::~SideDirectory() { RemoveIfUnused(); }

void SideDirectory::RemoveIfUnused() {
  const Result<std::vector<DirectoryEntry>> entries = env_->List(layout_.side());
  if (!entries.ok() || entries->empty()) return;
  bool has_quarantine = false;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == BaseName(layout_.lock())) continue;
    // Bad rows alone are those of a single file, which needs no lock here.
    if (entry.name != BaseName(layout_.quarantine())) return;
    has_quarantine = true;
  }
  // Removed while held: whoever opened the file meanwhile finds that its name is gone and starts
  // again.
  if (env_->RemoveFile(layout_.lock()).ok() && !has_quarantine) {
    [[maybe_unused]] const Status removed = env_->RemoveDirectory(layout_.side());
  }
}

}  // namespace headrace
