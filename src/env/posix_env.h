// Env over the system calls of Linux.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/env.h"

namespace headrace {

// Role: the real Env. Stateless. Owner: Env::Default(). Threads: all methods from any thread.
// Errors: as env.h says; nothing here throws or prints.
class PosixEnv : public Env {
 public:
  Result<std::unique_ptr<RandomReadFile>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<SequentialReadFile>> OpenStandardInput(
      std::function<bool()> stopped) override;
  Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path,
                                                     OpenMode mode) override;
  Result<std::unique_ptr<ScratchFile>> OpenScratch(const std::string& directory) override;

  Result<std::optional<FileStat>> Stat(const std::string& path) override;
  Result<std::optional<FileStat>> StatNoFollow(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& directory) override;
  Result<std::string> RealPath(const std::string& path) override;
  Result<std::string> ReadLink(const std::string& path) override;

  Status CreateDirectory(const std::string& path) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to, RenameMode mode) override;
  Status HardLink(const std::string& from, const std::string& to) override;
  Status CloneFile(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& path) override;
  Status SyncFile(const std::string& path) override;
  Result<std::unique_ptr<FileSystemSync>> OpenFileSystemSync(const std::string& directory) override;
  Status SetPermissions(const std::string& path, uint32_t mode) override;
  Result<DiskSpace> Space(const std::string& path) override;
  Status CheckWritable(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;
};

}  // namespace headrace
