#include <sys/file.h>
#include <sys/stat.h>

#include "base/utc_text.h"
#include "env/errno_status.h"
#include "env/file_descriptor.h"
#include "env/posix_env.h"

namespace headrace {
namespace {

constexpr char kCannotLock[] = "cannot lock";

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  FileDescriptor descriptor_;
};

std::string HolderText() {
  char host[256] = "";
  ::gethostname(host, sizeof(host) - 1);
  return fmt::format("pid {} on {} since {}\n", ::getpid(), host, UtcTextNow());
}

// The text only helps people; that it cannot be written (disk full) must not fail the lock.
void WriteHolder(int descriptor) {
  const std::string text = HolderText();
  if (::ftruncate(descriptor, 0) != 0) return;
  [[maybe_unused]] const ssize_t count = ::pwrite(descriptor, text.data(), text.size(), 0);
}

}  // namespace

Result<std::unique_ptr<FileLock>> PosixEnv::TryLock(const std::string& path) {
  // A holder may remove the lock file before it lets go: a lock on a file that has no name any more
  // excludes nobody.
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    FileDescriptor descriptor = OpenDescriptor(path.c_str(), O_RDWR | O_CREAT);
    if (!descriptor.is_open()) return WriteError(errno, kCannotLock, "open", path);
    if (RetryInterrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno == EWOULDBLOCK) return nullptr;
      return LockError(errno, kCannotLock, "flock", path);
    }
    struct stat held;
    struct stat named;
    if (::fstat(descriptor.get(), &held) != 0) return WriteError(errno, kCannotLock, "fstat", path);
    const bool still_named = ::stat(path.c_str(), &named) == 0 && named.st_ino == held.st_ino &&
                             named.st_dev == held.st_dev;
    if (!still_named) continue;
    WriteHolder(descriptor.get());
    return std::make_unique<PosixFileLock>(std::move(descriptor));
  }
  return nullptr;
}

}  // namespace headrace
