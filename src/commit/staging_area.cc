#include "commit/staging_area.h"

#include "commit/errors.h"

namespace headrace {
namespace {

// Waiting for the disk costs a small file more than writing it. A larger one does not lie about as
// dirty pages until the end.
constexpr int64_t kWaitingBytesMax = int64_t{1} << 20;

// "a=1/b=2/x.parquet": no way out of the root, no component that means something else.
bool IsSafeRelativePath(std::string_view path) {
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string RelativeParent(const std::string& relative_path) {
  const size_t slash = relative_path.rfind('/');
  return slash == std::string::npos ? "" : relative_path.substr(0, slash);
}

}  // namespace

// A staged file that keeps the area's books.
class StagingArea::TrackedFile : public WritableFile {
 public:
  TrackedFile(StagingArea* area, FileState* state, std::unique_ptr<WritableFile> file)
      : area_(area), state_(state), file_(std::move(file)) {}
  ~TrackedFile() override { MarkClosed(); }

  Status Append(const void* data, int64_t length) override {
    MarkSynced(false);
    return file_->Append(data, length);
  }
  Status Sync() override {
    if (!PutOff()) ARROW_RETURN_NOT_OK(file_->Sync());
    MarkSynced(true);
    return Status::OK();
  }
  void DropCache() override { file_->DropCache(); }
  Status Close() override {
    ARROW_RETURN_NOT_OK(file_->Close());
    MarkClosed();
    return Status::OK();
  }
  int64_t written_bytes() const override { return file_->written_bytes(); }

 private:
  bool PutOff() {
    std::lock_guard lock(area_->mutex_);
    if (!state_->may_wait || file_->written_bytes() > kWaitingBytesMax) return false;
    area_->syncs_wait_ = true;
    return true;
  }
  void MarkSynced(bool synced) {
    std::lock_guard lock(area_->mutex_);
    state_->unsynced = !synced;
  }
  void MarkClosed() {
    if (closed_) return;
    closed_ = true;
    std::lock_guard lock(area_->mutex_);
    --state_->open_count;
  }

  StagingArea* area_;
  FileState* state_;  // stays in place: map nodes do not move, and none is erased
  std::unique_ptr<WritableFile> file_;
  bool closed_ = false;
};

StagingArea::StagingArea(Env* env, std::string root, TargetKind kind, std::string old_root,
                         int64_t synced_alone)
    : env_(env),
      root_(std::move(root)),
      kind_(kind),
      old_root_(std::move(old_root)),
      synced_alone_(synced_alone) {}

StagingArea::~StagingArea() = default;

std::string StagingArea::PathOf(const std::string& relative_path) const {
  return JoinPath(root_, relative_path);
}

Result<std::unique_ptr<WritableFile>> StagingArea::Open(const std::string& relative_path,
                                                        OpenMode mode) {
  const bool allowed =
      kind_ == TargetKind::kSingleFile ? relative_path.empty() : IsSafeRelativePath(relative_path);
  if (!allowed) {
    return MakeError(ErrorKind::kInternal, kStagingMisused,
                     "not a path below the staging directory: '{}'", relative_path);
  }
  std::lock_guard lock(mutex_);
  if (kind_ == TargetKind::kDataset) {
    ARROW_RETURN_NOT_OK(MakeDirectoryLocked(RelativeParent(relative_path)));
  }
  ARROW_RETURN_NOT_OK(WatchFileSystem());
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<WritableFile> file,
                        env_->OpenForWrite(PathOf(relative_path), mode));
  const auto [found, is_new] = files_.try_emplace(relative_path);
  FileState& state = found->second;
  if (is_new) state.may_wait = file_system_ != nullptr;
  ++state.open_count;
  if (mode == OpenMode::kTruncate) state.unsynced = true;
  return std::make_unique<TrackedFile>(this, &state, std::move(file));
}

// Before the first file whose sync may wait is opened: from then on a failed write is told.
Status StagingArea::WatchFileSystem() {
  if (file_system_asked_ || static_cast<int64_t>(files_.size()) < synced_alone_)
    return Status::OK();
  file_system_asked_ = true;
  ARROW_ASSIGN_OR_RAISE(file_system_, env_->OpenFileSystemSync(root_));
  return Status::OK();
}

Status StagingArea::MakeDirectory(const std::string& relative_directory) {
  std::lock_guard lock(mutex_);
  return MakeDirectoryLocked(relative_directory);
}

Status StagingArea::MakeDirectoryLocked(const std::string& relative_directory) {
  if (relative_directory.empty() || directories_.contains(relative_directory)) return Status::OK();
  ARROW_RETURN_NOT_OK(MakeDirectoryLocked(RelativeParent(relative_directory)));
  ARROW_RETURN_NOT_OK(env_->CreateDirectory(PathOf(relative_directory)));
  ARROW_RETURN_NOT_OK(TakeOldPermissions(relative_directory));
  directories_.insert(relative_directory);
  return Status::OK();
}

Status StagingArea::TakeOldPermissions(const std::string& relative_directory) {
  if (old_root_.empty()) return Status::OK();
  // Whoever runs us must be able to fill the directory, and the next run to remove it.
  constexpr uint32_t kOwnerMayAll = 0700;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> old,
                        env_->StatNoFollow(JoinPath(old_root_, relative_directory)));
  if (!old || old->type != FileType::kDirectory) return Status::OK();
  return env_->SetPermissions(PathOf(relative_directory), old->mode | kOwnerMayAll);
}

Status StagingArea::CheckComplete(Durability durability) const {
  std::lock_guard lock(mutex_);
  for (const auto& [path, state] : files_) {
    if (state.open_count == 0 && (durability == Durability::kNone || !state.unsynced)) continue;
    return MakeError(ErrorKind::kInternal, kStagingMisused,
                     "staged file is not finished, so nothing is published: {}: {}", PathOf(path),
                     state.open_count > 0 ? "still open" : "not synced");
  }
  return Status::OK();
}

Status StagingArea::CheckNames() const {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::set<std::string>> names;  // by directory, as the file system has them
  for (const std::string& directory : directories_) {
    const std::string parent = RelativeParent(directory);
    const auto [found, is_new] = names.try_emplace(parent);
    if (is_new) {
      ARROW_ASSIGN_OR_RAISE(const auto entries, env_->List(PathOf(parent)));
      for (const DirectoryEntry& entry : entries) found->second.insert(entry.name);
    }
    const std::string name = BaseName(directory);
    if (found->second.contains(name)) continue;
    return MakeError(ErrorKind::kSink, kNamesCollide,
                     "the file system takes two partitions' directories for one (it ignores "
                     "letter case or Unicode forms); choose another disk, or map the values to "
                     "ones that differ in more: '{}' in {}",
                     name, PathOf(parent));
  }
  return Status::OK();
}

Status StagingArea::MakeDurable() {
  std::lock_guard lock(mutex_);
  if (syncs_wait_) return file_system_->Sync();
  // Sorted order has every directory before those below it; backwards, children come first.
  for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
    ARROW_RETURN_NOT_OK(env_->SyncDirectory(PathOf(*directory)));
  }
  return env_->SyncDirectory(root_);
}

std::set<std::string> StagingArea::directories_with_files() const {
  std::lock_guard lock(mutex_);
  std::set<std::string> directories;
  for (const auto& [path, state] : files_) directories.insert(RelativeParent(path));
  return directories;
}

}  // namespace headrace
