#include "env/env.h"

#include <cerrno>

#include "env/errno_status.h"
#include "env/posix_env.h"

namespace headrace {

Env* Env::Default() {
  static PosixEnv env;
  return &env;
}

std::time_t Env::Now() { return std::time(nullptr); }

Result<std::string> Env::ReadLink(const std::string& path) {
  return ReadError(EINVAL, "cannot read symbolic link", "readlink", path);
}

Status WritableFile::Allocate(int64_t) {
  return LinkError(EOPNOTSUPP, "cannot take disk space", "fallocate", "", "");
}

Status Env::CloneFile(const std::string& from, const std::string& to) {
  return LinkError(EOPNOTSUPP, "cannot clone file", "ioctl", from, to);
}

Status Env::CreateDirectories(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, Stat(path));
  if (!found) {
    const std::string parent = ParentPath(path);
    // "." and "/" are their own parents: they exist or nothing does.
    if (parent != path && parent != ".") ARROW_RETURN_NOT_OK(CreateDirectories(parent));
  }
  return CreateDirectory(path);
}

Status Env::RemoveTree(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, StatNoFollow(path));
  if (!found) return Status::OK();
  if (found->type != FileType::kDirectory) return RemoveFile(path);
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, List(path));
  for (const DirectoryEntry& entry : entries) {
    const std::string child = JoinPath(path, entry.name);
    if (entry.type == FileType::kDirectory) {
      ARROW_RETURN_NOT_OK(RemoveTree(child));
    } else {
      ARROW_RETURN_NOT_OK(RemoveFile(child));
    }
  }
  return RemoveDirectory(path);
}

Result<std::unique_ptr<FileSystemSync>> Env::OpenFileSystemSync(const std::string&) {
  return nullptr;
}

Result<std::string> Env::ReadWholeFile(const std::string& path, int64_t max_bytes) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<RandomReadFile> file, OpenForRead(path));
  ARROW_ASSIGN_OR_RAISE(const int64_t size_bytes, file->Size());
  if (size_bytes > max_bytes) {
    return MakeError(ErrorKind::kSource, kCannotRead,
                     "file is larger than expected: {}: {} bytes, at most {} are read", path,
                     size_bytes, max_bytes);
  }
  std::string content(static_cast<size_t>(size_bytes), '\0');
  ARROW_ASSIGN_OR_RAISE(const int64_t count, file->ReadAt(0, size_bytes, content.data()));
  content.resize(static_cast<size_t>(count));
  return content;
}

Status Env::WriteFileDurably(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                        OpenForWrite(temporary, OpenMode::kTruncate));
  ARROW_RETURN_NOT_OK(file->Append(content.data(), static_cast<int64_t>(content.size())));
  ARROW_RETURN_NOT_OK(file->Sync());
  ARROW_RETURN_NOT_OK(file->Close());
  ARROW_RETURN_NOT_OK(Rename(temporary, path, RenameMode::kReplace));
  return SyncDirectory(ParentPath(path));
}

}  // namespace headrace
