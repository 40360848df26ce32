#include "support/fault_env.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "env/errno_status.h"

namespace headrace {
namespace {

constexpr std::array<std::string_view, kEnvCallCount> kNames = {"OpenForRead",   "Read",
                                                                "OpenForWrite",  "Append",
                                                                "Sync",          "Close",
                                                                "Stat",          "List",
                                                                "RealPath",      "CreateDirectory",
                                                                "RemoveFile",    "RemoveDirectory",
                                                                "Rename",        "HardLink",
                                                                "SyncDirectory", "SetPermissions",
                                                                "Space",         "CheckWritable",
                                                                "TryLock",       "SyncFileSystem"};

bool NeedsSpace(EnvCall call) {
  return call == EnvCall::kAppend || call == EnvCall::kOpenForWrite ||
         call == EnvCall::kCreateDirectory || call == EnvCall::kHardLink;
}

}  // namespace

std::string_view EnvCallName(EnvCall call) { return kNames[static_cast<size_t>(call)]; }

FaultEnv::FaultEnv(ModelFileSystem* model, FileSystemFeatures features)
    : model_(model), features_(features) {}

FaultEnv::~FaultEnv() = default;

void FaultEnv::SetPlan(const FaultPlan& plan) {
  plan_ = plan;
  call_count_ = 0;
  counts_ = {};
  trace_.clear();
  disk_gone_ = disk_full_ = false;
  dropped_last_ = late_effect_is_due_ = false;
  late_effect_ = nullptr;
}

void FaultEnv::Postpone(std::function<void()> effect) {
  const bool late = dropped_last_ && !plan_.late_after.empty();
  if (late && late_effect_ == nullptr) late_effect_ = std::move(effect);
}

FaultEnv::Fate FaultEnv::Meet(EnvCall call, const std::string& path) {
  const int64_t index = call_count_++;
  const int64_t ordinal = counts_[static_cast<size_t>(call)]++;
  trace_.push_back(fmt::format("{} {}", EnvCallName(call), path));
  if (index == plan_.at_call) {
    switch (plan_.fault) {
      case Fault::kNone:
        break;
      case Fault::kFailOnce:
        return Fate::kFails;
      case Fault::kFailAfterEffect:
        return Fate::kFailsAfterEffect;
      case Fault::kFailFromHere:
        disk_gone_ = true;
        break;
      case Fault::kNoSpace:
        disk_full_ = true;
        break;
      case Fault::kKill:
        dead_ = true;
        break;
    }
  }
  dropped_last_ = false;
  if (dead_ || disk_gone_) return Fate::kFails;
  if (late_effect_is_due_) {
    late_effect_is_due_ = false;
    late_effect_();
    late_effect_ = [] {};  // once, and no other call is late
  }
  if (disk_full_ && NeedsSpace(call)) return Fate::kFindsNoSpace;
  if (plan_.dropped_call == call) {
    const bool dropped =
        plan_.dropped_path.empty() ? plan_.dropped_ordinal == ordinal : plan_.dropped_path == path;
    if (dropped) {
      dropped_last_ = true;
      return Fate::kIsDropped;
    }
  }
  return Fate::kHappens;
}

Status FaultEnv::ErrorOf(EnvCall call, const std::string& path, int error_number) const {
  if (call == EnvCall::kRename || call == EnvCall::kHardLink) {
    return LinkError(error_number, "model", EnvCallName(call), path, "");
  }
  if (call == EnvCall::kTryLock) return LockError(error_number, "model", EnvCallName(call), path);
  const bool reads = call == EnvCall::kOpenForRead || call == EnvCall::kRead ||
                     call == EnvCall::kStat || call == EnvCall::kList || call == EnvCall::kRealPath;
  return reads ? ReadError(error_number, "model", EnvCallName(call), path)
               : WriteError(error_number, "model", EnvCallName(call), path);
}

template <typename Effect>
Status FaultEnv::Do(EnvCall call, const std::string& path, Effect&& effect) {
  int error_number = 0;
  switch (Meet(call, path)) {
    case Fate::kHappens:
      error_number = effect();
      late_effect_is_due_ = error_number == 0 && late_effect_ != nullptr &&
                            plan_.late_after.contains(call) &&
                            path.ends_with(plan_.late_after_path);
      break;
    case Fate::kIsDropped:
      break;
    case Fate::kFails:
      error_number = EIO;
      break;
    case Fate::kFailsAfterEffect:
      error_number = effect();
      if (error_number == 0) error_number = EIO;
      break;
    case Fate::kFindsNoSpace:
      error_number = ENOSPC;
      break;
  }
  return error_number == 0 ? Status::OK() : ErrorOf(call, path, error_number);
}

Status FaultEnv::Look(EnvCall call, const std::string& path) {
  return Do(call, path, [] { return 0; });
}

class FaultEnv::ModelReadFile : public RandomReadFile {
 public:
  ModelReadFile(FaultEnv* env, ModelFileSystem::NodeId node, std::string path)
      : env_(env), node_(node), path_(std::move(path)) {}

  Result<int64_t> ReadAt(int64_t offset, int64_t length, void* out) override {
    ARROW_RETURN_NOT_OK(env_->Look(EnvCall::kRead, path_));
    const std::string& content = env_->model_->content(node_);
    const int64_t size = static_cast<int64_t>(content.size());
    const int64_t count = std::clamp<int64_t>(size - offset, 0, length);
    if (count > 0) std::memcpy(out, content.data() + offset, static_cast<size_t>(count));
    return count;
  }
  Result<int64_t> Size() override {
    ARROW_RETURN_NOT_OK(env_->Look(EnvCall::kRead, path_));
    return static_cast<int64_t>(env_->model_->content(node_).size());
  }
  void DropCache(int64_t offset, int64_t length) override {}

 private:
  FaultEnv* env_;
  ModelFileSystem::NodeId node_;
  std::string path_;
};

class FaultEnv::ModelWritableFile : public WritableFile {
 public:
  ModelWritableFile(FaultEnv* env, ModelFileSystem::NodeId node, std::string path)
      : env_(env), node_(node), path_(std::move(path)) {}

  Status Append(const void* data, int64_t length) override {
    const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(length));
    const int64_t index = env_->call_count_;
    const Status status = env_->Do(EnvCall::kAppend, path_, [&] {
      env_->model_->content(node_).append(bytes);
      return 0;
    });
    // Cut short where a process is killed or the disk fills up in the middle of a write.
    if (!status.ok() && index == env_->plan_.at_call && !env_->disk_gone_) {
      env_->model_->content(node_).append(bytes.substr(0, bytes.size() / 2));
    }
    written_bytes_ += length;
    return status;
  }
  Status Sync() override {
    const Status status = env_->Do(EnvCall::kSync, path_, [&] {
      env_->model_->SyncFile(node_);
      return 0;
    });
    if (!status.ok() && !env_->dead_) env_->model_->LoseWrites(node_);
    env_->Postpone([model = env_->model_, node = node_] { model->SyncFile(node); });
    return status;
  }
  void DropCache() override {}
  Status Close() override { return env_->Look(EnvCall::kClose, path_); }
  int64_t written_bytes() const override { return written_bytes_; }

 private:
  FaultEnv* env_;
  ModelFileSystem::NodeId node_;
  std::string path_;
  int64_t written_bytes_ = 0;
};

class FaultEnv::ModelFileSystemSync : public FileSystemSync {
 public:
  ModelFileSystemSync(FaultEnv* env, std::string directory)
      : env_(env), directory_(std::move(directory)) {}

  Status Sync() override {
    const Status status = env_->Do(EnvCall::kSyncFileSystem, directory_, [&] {
      env_->model_->SyncEverything();
      return 0;
    });
    if (!status.ok() && !env_->dead_) env_->model_->LoseAllWrites();
    env_->Postpone([model = env_->model_] { model->SyncEverything(); });
    return status;
  }

 private:
  FaultEnv* env_;
  std::string directory_;
};

class FaultEnv::ModelLock : public FileLock {
 public:
  ModelLock(FaultEnv* env, std::string path) : env_(env), path_(std::move(path)) {
    env_->held_locks_.insert(path_);
  }
  ~ModelLock() override { env_->held_locks_.erase(path_); }

 private:
  FaultEnv* env_;
  std::string path_;
};

Result<std::unique_ptr<RandomReadFile>> FaultEnv::OpenForRead(const std::string& path) {
  const std::optional<FileStat> found = model_->Stat(path);
  ARROW_RETURN_NOT_OK(Do(EnvCall::kOpenForRead, path, [&] {
    if (!found) return ENOENT;
    return found->type == FileType::kDirectory ? EISDIR : 0;
  }));
  return std::make_unique<ModelReadFile>(this, found->inode, path);
}

Result<std::unique_ptr<SequentialReadFile>> FaultEnv::OpenStandardInput(std::function<bool()>) {
  return MakeError(ErrorKind::kInternal, 902, "the model has no standard input");
}

Result<std::unique_ptr<WritableFile>> FaultEnv::OpenForWrite(const std::string& path,
                                                             OpenMode mode) {
  ARROW_RETURN_NOT_OK(Do(EnvCall::kOpenForWrite, path, [&] {
    const std::optional<FileStat> found = model_->Stat(path);
    if (!found) return model_->CreateFile(path);
    if (found->type == FileType::kDirectory) return EISDIR;
    if (mode == OpenMode::kCreateNew) return EEXIST;
    if (mode == OpenMode::kTruncate) model_->content(found->inode).clear();
    return 0;
  }));
  return std::make_unique<ModelWritableFile>(this, *model_->Lookup(path), path);
}

Result<std::unique_ptr<ScratchFile>> FaultEnv::OpenScratch(const std::string& directory) {
  return MakeError(ErrorKind::kInternal, 902, "the model has no scratch files");
}

Result<std::optional<FileStat>> FaultEnv::Stat(const std::string& path) {
  ARROW_RETURN_NOT_OK(Look(EnvCall::kStat, path));
  return model_->Stat(path);
}

Result<std::optional<FileStat>> FaultEnv::StatNoFollow(const std::string& path) {
  return Stat(path);
}

Result<std::vector<DirectoryEntry>> FaultEnv::List(const std::string& directory) {
  std::vector<DirectoryEntry> entries;
  ARROW_RETURN_NOT_OK(
      Do(EnvCall::kList, directory, [&] { return model_->List(directory, &entries); }));
  return entries;
}

Result<std::string> FaultEnv::RealPath(const std::string& path) {
  ARROW_RETURN_NOT_OK(
      Do(EnvCall::kRealPath, path, [&] { return model_->Lookup(path) ? 0 : ENOENT; }));
  return path;
}

Status FaultEnv::CreateDirectory(const std::string& path) {
  return Do(EnvCall::kCreateDirectory, path, [&] {
    const std::optional<FileStat> found = model_->Stat(path);
    if (found && found->type == FileType::kDirectory) return 0;
    return model_->CreateDirectory(path);
  });
}

Status FaultEnv::RemoveFile(const std::string& path) {
  return Do(EnvCall::kRemoveFile, path, [&] {
    const int error_number = model_->RemoveFile(path);
    return error_number == ENOENT ? 0 : error_number;
  });
}

Status FaultEnv::RemoveDirectory(const std::string& path) {
  return Do(EnvCall::kRemoveDirectory, path, [&] {
    const int error_number = model_->RemoveDirectory(path);
    return error_number == ENOENT ? 0 : error_number;
  });
}

Status FaultEnv::Rename(const std::string& from, const std::string& to, RenameMode mode) {
  const Status status = Do(EnvCall::kRename, fmt::format("{} -> {}", from, to), [&] {
    if (mode == RenameMode::kExchange && !features_.exchange) return EINVAL;
    if (mode == RenameMode::kNoReplace && !features_.no_replace) return EINVAL;
    return model_->Rename(from, to, mode);
  });
  Postpone([this, from, to, mode] { model_->Rename(from, to, mode); });
  return status;
}

Status FaultEnv::HardLink(const std::string& from, const std::string& to) {
  return Do(EnvCall::kHardLink, fmt::format("{} -> {}", from, to),
            [&] { return features_.hard_links ? model_->HardLink(from, to) : EOPNOTSUPP; });
}

Status FaultEnv::SyncDirectory(const std::string& path) {
  const std::optional<ModelFileSystem::NodeId> node = model_->Lookup(path);
  const Status status =
      Do(EnvCall::kSyncDirectory, path, [&] { return model_->SyncDirectory(path); });
  if (node) Postpone([this, node] { model_->SyncDirectory(*node); });
  return status;
}

Result<std::unique_ptr<FileSystemSync>> FaultEnv::OpenFileSystemSync(const std::string& directory) {
  if (!features_.sync_as_one) return nullptr;
  return std::make_unique<ModelFileSystemSync>(this, directory);
}

Status FaultEnv::SyncFile(const std::string& path) {
  const std::optional<ModelFileSystem::NodeId> node = model_->Lookup(path);
  const Status status = Do(EnvCall::kSync, path, [&] {
    if (!node) return ENOENT;
    model_->SyncFile(*node);
    return 0;
  });
  if (!status.ok() && node && !dead_) model_->LoseWrites(*node);
  if (node) Postpone([this, node] { model_->SyncFile(*node); });
  return status;
}

Status FaultEnv::SetPermissions(const std::string& path, uint32_t mode) {
  return Look(EnvCall::kSetPermissions, path);
}

Result<DiskSpace> FaultEnv::Space(const std::string& path) {
  ARROW_RETURN_NOT_OK(Look(EnvCall::kSpace, path));
  return DiskSpace{int64_t{1} << 40, int64_t{1} << 39};
}

Status FaultEnv::CheckWritable(const std::string& directory) {
  return Look(EnvCall::kCheckWritable, directory);
}

Result<std::unique_ptr<FileLock>> FaultEnv::TryLock(const std::string& path) {
  ARROW_RETURN_NOT_OK(Do(EnvCall::kTryLock, path, [&] {
    const int error_number = model_->CreateFile(path);
    if (error_number != 0 && error_number != EEXIST) return error_number;
    return features_.locks ? 0 : ENOLCK;
  }));
  if (held_locks_.contains(path)) return nullptr;
  if (const auto node = model_->Lookup(path)) model_->content(*node) = "pid 1\n";
  return std::make_unique<ModelLock>(this, path);
}

}  // namespace headrace
