// The faulty twin of the real Env: counts every call, fails or kills at a chosen one, leaves chosen
// ones out.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/model_file_system.h"

namespace headrace {

enum class EnvCall : uint8_t {
  kOpenForRead,
  kRead,
  kOpenForWrite,
  kAppend,
  kSync,
  kClose,
  kStat,
  kList,
  kRealPath,
  kCreateDirectory,
  kRemoveFile,
  kRemoveDirectory,
  kRename,
  kHardLink,
  kSyncDirectory,
  kSetPermissions,
  kSpace,
  kCheckWritable,
  kTryLock,
  kSyncFileSystem,
};
inline constexpr int kEnvCallCount = 20;
std::string_view EnvCallName(EnvCall call);

enum class Fault : uint8_t {
  kNone,
  kFailOnce,         // EIO, without effect
  kFailAfterEffect,  // EIO, but it happened: an answer lost on its way
  kFailFromHere,     // EIO for this and every later call: the disk went away
  kNoSpace,  // ENOSPC for this and every later call that needs space; an append is cut short first
  kKill,     // nothing from here on happens: the process is dead, the kernel lives
};

struct FaultPlan {
  int64_t at_call = -1;  // counted from 0 since the plan was set
  Fault fault = Fault::kNone;
  // A mutant: the `dropped_ordinal`-th call of this kind reports success and does nothing.
  std::optional<EnvCall> dropped_call = std::nullopt;
  int64_t dropped_ordinal = 0;
  // When not empty, every call of the kind on this path is left out instead.
  std::string dropped_path = {};
  // When not empty, the mutant is no omission but a wrong order: the first call that was left out
  // happens after all, once a call of one of these kinds has happened, on a path that ends so.
  // Syncs and renames only.
  std::set<EnvCall> late_after = {};
  std::string late_after_path = {};
};

struct FileSystemFeatures {
  bool exchange = true;
  bool no_replace = true;
  bool hard_links = true;
  bool locks = true;
  bool sync_as_one = true;  // OpenFileSystemSync gives something
};

// Role: an Env over a ModelFileSystem, one process's view. Paths are absolute; there are no
// symlinks. Owner: a test. Threads: one. Locks die with the FaultEnv: a new one over the same model
// is a new process.
class FaultEnv : public Env {
 public:
  explicit FaultEnv(ModelFileSystem* model, FileSystemFeatures features = {});
  ~FaultEnv() override;

  void SetPlan(const FaultPlan& plan);
  int64_t call_count() const { return call_count_; }
  int64_t call_count(EnvCall call) const { return counts_[static_cast<size_t>(call)]; }
  // "Rename /data/x -> /data/y" per call since the plan was set.
  const std::vector<std::string>& trace() const { return trace_; }

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
  Result<std::unique_ptr<FileSystemSync>> OpenFileSystemSync(const std::string& directory) override;
  Status SetPermissions(const std::string& path, uint32_t mode) override;
  Result<DiskSpace> Space(const std::string& path) override;
  Status CheckWritable(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;
  // Stands still, so that names with times in them are the same in every run.
  std::time_t Now() override { return now_; }
  void set_now(std::time_t now) { now_ = now; }

 private:
  class ModelReadFile;
  class ModelWritableFile;
  class ModelLock;
  class ModelFileSystemSync;
  // What becomes of the call being made.
  enum class Fate : uint8_t { kHappens, kIsDropped, kFails, kFailsAfterEffect, kFindsNoSpace };

  Fate Meet(EnvCall call, const std::string& path);
  // Where the last call was left out and is only late: `effect` is what it would have done.
  void Postpone(std::function<void()> effect);
  // Runs `effect`, which returns an errno, as far as the call's fate allows.
  template <typename Effect>
  Status Do(EnvCall call, const std::string& path, Effect&& effect);
  Status Look(EnvCall call, const std::string& path);
  Status ErrorOf(EnvCall call, const std::string& path, int error_number) const;

  ModelFileSystem* model_;
  const FileSystemFeatures features_;
  FaultPlan plan_;
  int64_t call_count_ = 0;
  std::array<int64_t, kEnvCallCount> counts_{};
  std::vector<std::string> trace_;
  std::time_t now_ = 1'700'000'000;
  bool dead_ = false;
  bool disk_gone_ = false;
  bool disk_full_ = false;
  bool dropped_last_ = false;
  std::function<void()> late_effect_;
  bool late_effect_is_due_ = false;
  std::set<std::string> held_locks_;
};

}  // namespace headrace
