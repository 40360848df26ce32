#include <dirent.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include "env/errno_status.h"
#include "env/file_descriptor.h"
#include "env/posix_env.h"

namespace headrace {
namespace {

FileType TypeOfMode(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kFile;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  return FileType::kOther;
}

Result<std::optional<FileStat>> StatWith(const std::string& path, int flags) {
  struct stat found;
  if (::fstatat(AT_FDCWD, path.c_str(), &found, flags) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return ReadError(errno, "cannot look at path", "stat", path);
  }
  FileStat stat;
  stat.type = TypeOfMode(found.st_mode);
  stat.size_bytes = found.st_size;
  stat.inode = found.st_ino;
  stat.device = found.st_dev;
  stat.mtime_ns = found.st_mtim.tv_sec * int64_t{1'000'000'000} + found.st_mtim.tv_nsec;
  stat.mode = found.st_mode;
  stat.link_count = found.st_nlink;
  return stat;
}

struct CloseDirectoryStream {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

Result<FileType> TypeOfEntry(DIR* stream, const dirent& entry, const std::string& directory) {
  switch (entry.d_type) {
    case DT_REG:
      return FileType::kFile;
    case DT_DIR:
      return FileType::kDirectory;
    case DT_LNK:
      return FileType::kSymlink;
    case DT_UNKNOWN:
      break;
    default:
      return FileType::kOther;
  }
  // Some file systems do not say the type in the listing.
  struct stat found;
  if (::fstatat(::dirfd(stream), entry.d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return ReadError(errno, "cannot look at path", "fstatat", JoinPath(directory, entry.d_name));
  }
  return TypeOfMode(found.st_mode);
}

// Through syscall(2): the wrapper of the C library is missing in older ones.
int RenameWithFlags(const char* from, const char* to, unsigned flags) {
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

}  // namespace

Result<std::optional<FileStat>> PosixEnv::Stat(const std::string& path) {
  return StatWith(path, 0);
}

Result<std::optional<FileStat>> PosixEnv::StatNoFollow(const std::string& path) {
  return StatWith(path, AT_SYMLINK_NOFOLLOW);
}

Result<std::vector<DirectoryEntry>> PosixEnv::List(const std::string& directory) {
  constexpr char kCannotList[] = "cannot list directory";
  std::unique_ptr<DIR, CloseDirectoryStream> stream(::opendir(directory.c_str()));
  if (!stream) return ReadError(errno, kCannotList, "opendir", directory);
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) {
      if (errno != 0) return ReadError(errno, kCannotList, "readdir", directory);
      break;
    }
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    ARROW_ASSIGN_OR_RAISE(const FileType type, TypeOfEntry(stream.get(), *entry, directory));
    entries.push_back({std::move(name), type});
  }
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return entries;
}

Result<std::string> PosixEnv::RealPath(const std::string& path) {
  std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                       &std::free);
  if (!resolved) return ReadError(errno, "cannot resolve path", "realpath", path);
  return std::string(resolved.get());
}

Result<std::string> PosixEnv::ReadLink(const std::string& path) {
  // Longer than any link that can be made.
  std::string text(PATH_MAX + 1, '\0');
  const ssize_t count = ::readlink(path.c_str(), text.data(), text.size());
  if (count < 0) return ReadError(errno, "cannot read symbolic link", "readlink", path);
  text.resize(static_cast<size_t>(count));
  return text;
}

Status PosixEnv::CreateDirectory(const std::string& path) {
  constexpr char kCannotCreate[] = "cannot create directory";
  if (::mkdir(path.c_str(), 0777) == 0) return Status::OK();
  const int error = errno;
  struct stat found;
  if (error == EEXIST && ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
    return Status::OK();
  }
  return WriteError(error, kCannotCreate, "mkdir", path);
}

Status PosixEnv::RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Status::OK();
  return WriteError(errno, "cannot remove file", "unlink", path);
}

Status PosixEnv::RemoveDirectory(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return Status::OK();
  return WriteError(errno, "cannot remove directory", "rmdir", path);
}

Status PosixEnv::Rename(const std::string& from, const std::string& to, RenameMode mode) {
  constexpr char kCannotRename[] = "cannot rename";
  if (mode == RenameMode::kReplace) {
    if (::rename(from.c_str(), to.c_str()) == 0) return Status::OK();
    return LinkError(errno, kCannotRename, "rename", from, to);
  }
  const unsigned flags = mode == RenameMode::kExchange ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (RenameWithFlags(from.c_str(), to.c_str(), flags) == 0) return Status::OK();
  return LinkError(errno, kCannotRename, "renameat2", from, to);
}

Status PosixEnv::HardLink(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return Status::OK();
  // EPERM: the file system has no hard links, or the kernel guards files of other owners. EMLINK:
  // this file has too many.
  const int error = errno == EPERM || errno == EMLINK ? EOPNOTSUPP : errno;
  return LinkError(error, "cannot make hard link", "link", from, to);
}

Status PosixEnv::SyncDirectory(const std::string& path) {
  constexpr char kCannotSync[] = "cannot make directory durable";
  FileDescriptor descriptor = OpenDescriptor(path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!descriptor.is_open()) return WriteError(errno, kCannotSync, "open", path);
  if (::fsync(descriptor.get()) != 0) return WriteError(errno, kCannotSync, "fsync", path);
  return Status::OK();
}

Status PosixEnv::SyncFile(const std::string& path) {
  constexpr char kCannotSync[] = "cannot make file durable";
  FileDescriptor descriptor = OpenDescriptor(path.c_str(), O_RDONLY);
  if (!descriptor.is_open()) return WriteError(errno, kCannotSync, "open", path);
  if (::fsync(descriptor.get()) != 0) return WriteError(errno, kCannotSync, "fsync", path);
  return Status::OK();
}

Status PosixEnv::SetPermissions(const std::string& path, uint32_t mode) {
  constexpr mode_t kPermissionBits = 07777;
  if (::chmod(path.c_str(), mode & kPermissionBits) == 0) return Status::OK();
  return WriteError(errno, "cannot set permissions", "chmod", path);
}

Result<DiskSpace> PosixEnv::Space(const std::string& path) {
  struct statvfs found;
  if (RetryInterrupted([&] { return ::statvfs(path.c_str(), &found); }) != 0) {
    return WriteError(errno, "cannot ask for disk space", "statvfs", path);
  }
  DiskSpace space;
  space.total_bytes = static_cast<int64_t>(found.f_blocks) * static_cast<int64_t>(found.f_frsize);
  space.available_bytes =
      static_cast<int64_t>(found.f_bavail) * static_cast<int64_t>(found.f_frsize);
  return space;
}

Status PosixEnv::CheckWritable(const std::string& directory) {
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return Status::OK();
  return WriteError(errno, "cannot write into directory", "faccessat", directory);
}

}  // namespace headrace
