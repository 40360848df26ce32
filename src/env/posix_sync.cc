#include <linux/magic.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "env/errno_status.h"
#include "env/file_descriptor.h"
#include "env/posix_env.h"

namespace headrace {
namespace {

constexpr char kCannotSyncWritten[] = "cannot make the written files durable";

// Local file systems whose sync is the sum of the fsyncs of all their files. Others may leave it
// out (FUSE) or be several (overlays).
constexpr int64_t kSyncedAsOne[] = {
    EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC,
};

// From Linux 5.8 on syncfs tells of writes that failed, and syncs what was written before it only.
bool KernelReportsFailedWrites() {
  utsname name{};
  int major = 0;
  int minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 8);
}

class PosixFileSystemSync : public FileSystemSync {
 public:
  PosixFileSystemSync(FileDescriptor descriptor, std::string directory)
      : descriptor_(std::move(descriptor)), directory_(std::move(directory)) {}

  Status Sync() override {
    // Like an fsync never retried: the failure is told once.
    if (::syncfs(descriptor_.get()) != 0) {
      return WriteError(errno, kCannotSyncWritten, "syncfs", directory_);
    }
    return Status::OK();
  }

 private:
  FileDescriptor descriptor_;  // failures are counted from its opening
  std::string directory_;
};

}  // namespace

Result<std::unique_ptr<FileSystemSync>> PosixEnv::OpenFileSystemSync(const std::string& directory) {
  static const bool reports = KernelReportsFailedWrites();
  if (!reports) return nullptr;
  FileDescriptor descriptor = OpenDescriptor(directory.c_str(), O_RDONLY | O_DIRECTORY);
  if (!descriptor.is_open()) return WriteError(errno, kCannotSyncWritten, "open", directory);
  struct statfs found{};
  if (::fstatfs(descriptor.get(), &found) != 0) return nullptr;
  const auto type = static_cast<int64_t>(found.f_type);
  if (std::ranges::find(kSyncedAsOne, type) == std::end(kSyncedAsOne)) return nullptr;
  return std::make_unique<PosixFileSystemSync>(std::move(descriptor), directory);
}

}  // namespace headrace
