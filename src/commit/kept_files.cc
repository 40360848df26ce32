#include "commit/kept_files.h"

#include <vector>

#include "base/percent_text.h"
#include "commit/errors.h"
#include "commit/target.h"

namespace headrace {
namespace {

constexpr int64_t kCopyChunkBytes = 64 * 1024;

// "a=x%2Fy" must not become two components, so each component is decoded by itself.
std::vector<std::string> DecodedComponents(const std::string& relative_directory) {
  std::vector<std::string> components;
  size_t begin = 0;
  while (begin <= relative_directory.size() && !relative_directory.empty()) {
    const size_t slash = relative_directory.find('/', begin);
    components.push_back(PercentDecode(relative_directory.substr(begin, slash - begin)));
    if (slash == std::string::npos) break;
    begin = slash + 1;
  }
  return components;
}

class Keeper {
 public:
  Keeper(Env* env, const KeepOptions& options, StagingArea* staging)
      : env_(env), options_(options), staging_(staging) {
    for (const std::string& directory : options.replaced_directories) {
      replaced_.insert(DecodedComponents(directory));
    }
  }

  Status KeepDirectory(const std::string& relative) {
    const std::string path = JoinPath(options_.old_root, relative);
    if (replaced_.contains(DecodedComponents(relative))) return CheckHoldsOnlyData(env_, path);
    ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env_->List(path));
    for (const DirectoryEntry& entry : entries) {
      const std::string child = JoinPath(relative, entry.name);
      if (entry.type == FileType::kDirectory) {
        ARROW_RETURN_NOT_OK(KeepDirectory(child));
      } else if (entry.type == FileType::kFile) {
        ARROW_RETURN_NOT_OK(KeepFile(relative, child));
      } else {
        return MakeError(ErrorKind::kSink, kForeignContent,
                         "a symbolic link or device inside the dataset cannot be carried over: {}; "
                         "remove it or move it away",
                         JoinPath(options_.old_root, child));
      }
    }
    return Status::OK();
  }

  const KeepOutcome& outcome() const { return outcome_; }

 private:
  Status KeepFile(const std::string& relative_directory, const std::string& relative) {
    ARROW_RETURN_NOT_OK(staging_->MakeDirectory(relative_directory));
    const std::string from = JoinPath(options_.old_root, relative);
    const std::string to = JoinPath(options_.new_root, relative);
    if (links_work_) {
      // Before the link, while the inode is clean: a file that is durable costs next to nothing
      // then.
      if (options_.content == KeptContent::kToBeSynced) ARROW_RETURN_NOT_OK(env_->SyncFile(from));
      const Status linked = env_->HardLink(from, to);
      if (linked.ok()) {
        ++outcome_.kept_files;
        return Status::OK();
      }
      if (IsAlreadyExists(linked)) return NameTaken(to);
      if (!IsNotSupported(linked)) return linked;
      links_work_ = false;
    }
    ++outcome_.kept_files;
    if (clones_work_) {
      const Status cloned = Clone(from, to);
      if (!IsNotSupported(cloned)) {
        ++outcome_.cloned_files;
        return cloned;
      }
      clones_work_ = false;
    }
    ++outcome_.copied_files;
    return Copy(from, to);
  }

  // A second file over the same blocks: as quick as a link.
  Status Clone(const std::string& from, const std::string& to) {
    const Status cloned = env_->CloneFile(from, to);
    if (IsAlreadyExists(cloned)) return NameTaken(to);
    ARROW_RETURN_NOT_OK(cloned);
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env_->Stat(from));
    if (found) ARROW_RETURN_NOT_OK(env_->SetPermissions(to, found->mode));
    return options_.durability == Durability::kFull ? env_->SyncFile(to) : Status::OK();
  }

  Status Copy(const std::string& from, const std::string& to) {
    ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<RandomReadFile> source, env_->OpenForRead(from));
    Result<std::unique_ptr<WritableFile>> opened = env_->OpenForWrite(to, OpenMode::kCreateNew);
    if (IsAlreadyExists(opened.status())) return NameTaken(to);
    ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> target, std::move(opened));
    // Before the first byte, so that what only some may read is at no time open to all.
    ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env_->Stat(from));
    if (found) ARROW_RETURN_NOT_OK(env_->SetPermissions(to, found->mode));
    std::string chunk(kCopyChunkBytes, '\0');
    for (int64_t offset = 0;;) {
      ARROW_ASSIGN_OR_RAISE(const int64_t count,
                            source->ReadAt(offset, kCopyChunkBytes, chunk.data()));
      if (count == 0) break;
      ARROW_RETURN_NOT_OK(target->Append(chunk.data(), count));
      offset += count;
    }
    if (options_.durability == Durability::kFull) ARROW_RETURN_NOT_OK(target->Sync());
    return target->Close();
  }

  static Status NameTaken(const std::string& path) {
    return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode,
                     "a new file has the name of one that must stay: {}; name files by run", path);
  }

  Env* env_;
  const KeepOptions& options_;
  StagingArea* staging_;
  std::set<std::vector<std::string>> replaced_;
  bool links_work_ = true;
  bool clones_work_ = true;
  KeepOutcome outcome_;
};

}  // namespace

Result<KeepOutcome> KeepFiles(Env* env, const KeepOptions& options, StagingArea* staging) {
  Keeper keeper(env, options, staging);
  ARROW_RETURN_NOT_OK(keeper.KeepDirectory(""));
  return keeper.outcome();
}

}  // namespace headrace
