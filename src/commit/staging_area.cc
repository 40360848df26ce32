#include "commit/staging_area.h"

#include <algorithm>

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
  TrackedFile(StagingArea* area, Files::iterator state, std::unique_ptr<WritableFile> file)
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
    if (!state_->second.may_wait || file_->written_bytes() > kWaitingBytesMax) return false;
    area_->syncs_wait_ = true;
    return true;
  }
  void MarkSynced(bool synced) {
    std::lock_guard lock(area_->mutex_);
    state_->second.unsynced = !synced;
  }
  void MarkClosed() {
    if (closed_) return;
    closed_ = true;
    std::lock_guard lock(area_->mutex_);
    const bool open = --state_->second.open_count > 0;
    const bool waits = state_->second.unsynced && area_->options_.durability == Durability::kFull;
    if (!open && !waits) area_->unfinished_.erase(state_);
  }

  StagingArea* area_;
  Files::iterator state_;  // erased by the last one that is closed
  std::unique_ptr<WritableFile> file_;
  bool closed_ = false;
};

StagingArea::StagingArea(Env* env, std::string root, StagingOptions options)
    : env_(env), root_(std::move(root)), options_(std::move(options)) {}

StagingArea::~StagingArea() = default;

std::string StagingArea::PathOf(const std::string& relative_path) const {
  return JoinPath(root_, relative_path);
}

Result<std::unique_ptr<WritableFile>> StagingArea::Open(const std::string& relative_path,
                                                        OpenMode mode) {
  const bool allowed = options_.kind == TargetKind::kSingleFile ? relative_path.empty()
                                                                : IsSafeRelativePath(relative_path);
  if (!allowed) {
    return MakeError(ErrorKind::kInternal, kStagingMisused,
                     "not a path below the staging directory: '{}'", relative_path);
  }
  std::lock_guard lock(mutex_);
  if (options_.kind == TargetKind::kDataset) {
    ARROW_RETURN_NOT_OK(MakeDirectoryLocked(RelativeParent(relative_path)));
  }
  ARROW_RETURN_NOT_OK(WatchFileSystem());
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<WritableFile> file,
                        env_->OpenForWrite(PathOf(relative_path), mode));
  NoteFileIn(RelativeParent(relative_path));
  const auto [found, is_new] = unfinished_.try_emplace(relative_path);
  FileState& state = found->second;
  if (is_new) state.may_wait = file_system_ != nullptr;
  ++state.open_count;
  if (mode != OpenMode::kAppend) state.unsynced = true;
  return std::make_unique<TrackedFile>(this, found, std::move(file));
}

void StagingArea::NoteFileIn(const std::string& relative_directory) {
  ++opened_files_;
  if (relative_directory.empty()) {
    root_has_files_ = true;
  } else {
    directories_[relative_directory] = true;
  }
}

// Before the first file whose sync may wait is opened: from then on a failed write is told.
Status StagingArea::WatchFileSystem() {
  const bool asks = options_.durability == Durability::kFull && !file_system_asked_ &&
                    opened_files_ >= options_.synced_alone;
  if (!asks) return Status::OK();
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
  directories_.emplace(relative_directory, false);
  return Status::OK();
}

Status StagingArea::TakeOldPermissions(const std::string& relative_directory) {
  if (options_.old_root.empty()) return Status::OK();
  // Whoever runs us must be able to fill the directory, and the next run to remove it.
  constexpr uint32_t kOwnerMayAll = 0700;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> old,
                        env_->StatNoFollow(JoinPath(options_.old_root, relative_directory)));
  if (!old || old->type != FileType::kDirectory) return Status::OK();
  return env_->SetPermissions(PathOf(relative_directory), old->mode | kOwnerMayAll);
}

Status StagingArea::CheckComplete() const {
  std::lock_guard lock(mutex_);
  if (unfinished_.empty()) return Status::OK();
  const auto& [path, state] = *unfinished_.begin();
  return MakeError(ErrorKind::kInternal, kStagingMisused,
                   "staged file is not finished, so nothing is published: {}: {}", PathOf(path),
                   state.open_count > 0 ? "still open" : "not synced");
}

Status StagingArea::CheckNames() const {
  std::lock_guard lock(mutex_);
  // By directory, as the file system has them, sorted.
  std::map<std::string, std::vector<DirectoryEntry>> names;
  for (const auto& [directory, has_files] : directories_) {
    const std::string parent = RelativeParent(directory);
    const auto [found, is_new] = names.try_emplace(parent);
    if (is_new) {
      ARROW_ASSIGN_OR_RAISE(found->second, env_->List(PathOf(parent)));
    }
    const std::string name = BaseName(directory);
    const auto at = std::ranges::lower_bound(found->second, name, {}, &DirectoryEntry::name);
    if (at != found->second.end() && at->name == name) continue;
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
    ARROW_RETURN_NOT_OK(env_->SyncDirectory(PathOf(directory->first)));
  }
  return env_->SyncDirectory(root_);
}

std::set<std::string> StagingArea::directories_with_files() const {
  std::lock_guard lock(mutex_);
  std::set<std::string> directories;
  if (root_has_files_) directories.insert("");
  for (const auto& [directory, has_files] : directories_) {
    if (has_files) directories.insert(directory);
  }
  return directories;
}

}  // namespace headrace
