// An Env whose files are in memory, for programs that read and spill many thousand times a second.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "env/env.h"

namespace headrace::fuzz {

// Role: files by path that tests put there, and scratch files that they can look into and damage.
// Every path that is no file is an empty directory. Nothing but reading and spilling works. Owner:
// a test. Threads: reading from any thread, everything else from one.
class MemoryEnv : public Env {
 public:
  using Bytes = std::shared_ptr<std::string>;

  void SetFile(const std::string& path, std::string content);
  // The scratch files opened so far, in order.
  const std::vector<Bytes>& scratch_files() const { return scratch_files_; }

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
  Status CreateDirectory(const std::string& path) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to, RenameMode mode) override;
  Status HardLink(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& path) override;
  Status SyncFile(const std::string& path) override;
  Status SetPermissions(const std::string& path, uint32_t mode) override;
  Result<DiskSpace> Space(const std::string& path) override;
  Status CheckWritable(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

 private:
  std::map<std::string, Bytes> files_;
  std::vector<Bytes> scratch_files_;
};

}  // namespace headrace::fuzz
