#include "commit/target.h"

#include <algorithm>
#include <array>

#include "commit/errors.h"
#include "commit/journal.h"
#include "commit/layout.h"

namespace headrace {
namespace {

constexpr std::array<std::string_view, 10> kDataExtensions = {
    ".parquet", ".csv",   ".tsv",     ".jsonl", ".ndjson",
    ".json",    ".arrow", ".feather", ".orc",   ".avro"};
constexpr std::array<std::string_view, 4> kCompressionExtensions = {".gz", ".zst", ".bz2", ".lz4"};

bool IsDataFile(std::string_view name) {
  // _SUCCESS, _metadata, .part-0.parquet.crc: what writers of datasets leave. Other hidden files
  // are somebody's.
  if (name.starts_with("_") || name.ends_with(".crc")) return true;
  if (name.starts_with(".")) return false;
  for (const std::string_view extension : kCompressionExtensions) {
    if (name.ends_with(extension)) name.remove_suffix(extension.size());
  }
  for (const std::string_view extension : kDataExtensions) {
    if (name.ends_with(extension)) return true;
  }
  return false;
}

bool IsPartitionDirectory(std::string_view name) {
  const size_t equals = name.find('=');
  return equals != std::string_view::npos && equals > 0 && name[0] != '.' && name[0] != '_';
}

// What is neither file nor directory can be neither linked nor copied into a new generation.
Status CheckCanBeKept(Env* env, const std::string& directory) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(directory));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.type == FileType::kDirectory) {
      ARROW_RETURN_NOT_OK(CheckCanBeKept(env, path));
    } else if (entry.type != FileType::kFile) {
      return MakeError(ErrorKind::kSink, kForeignContent,
                       "a symbolic link or device inside the dataset cannot be carried over: {}; "
                       "remove it or move it away",
                       path);
    }
  }
  return Status::OK();
}

// Whether a directory of this path, or its last name, is named like the side directory of a
// dataset.
bool IsInSideDirectory(const std::string& path) {
  constexpr std::string_view kSuffix = ".headrace";
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name(path.data() + begin, end - begin);
    if (name.starts_with('.') && name.ends_with(kSuffix) && name.size() > kSuffix.size() + 1) {
      return true;
    }
    begin = end + 1;
  }
  return false;
}

Status CheckFileTarget(const ResolvedTarget& target, const TransactionOptions& options) {
  if (options.run_id_origin == RunIdOrigin::kGiven || options.retain_seconds > 0) {
    return MakeError(
        ErrorKind::kUsage, kNeedsDataset,
        "a run id of your own and a grace period need a ledger, and one file has none: "
        "{}; publish a dataset (a name without .parquet), or leave them out",
        target.path);
  }
  if (options.mode == PublishMode::kAppend || options.mode == PublishMode::kOverwritePartitions) {
    return MakeError(ErrorKind::kUsage, kModeNotSupported,
                     "mode {} needs a dataset directory, and the target is one file: {}; use mode "
                     "overwrite or a target without a file extension",
                     PublishModeName(options.mode), target.path);
  }
  if (target.found && target.found->type != FileType::kFile) {
    return MakeError(ErrorKind::kSink, kTargetOfOtherType,
                     "target is to be a file but a directory or device is there: {}; move it or "
                     "choose another target",
                     target.path);
  }
  return Status::OK();
}

Status CheckDatasetTarget(Env* env, const ResolvedTarget& target, const TransactionOptions& options,
                          const FileStat& parent) {
  if (!target.found) return Status::OK();
  if (target.found->type != FileType::kDirectory) {
    return MakeError(ErrorKind::kSink, kTargetOfOtherType,
                     "target is to be a dataset directory but a file is there: {}; move it or "
                     "choose another target",
                     target.path);
  }
  if (target.found->device != parent.device) {
    return MakeError(ErrorKind::kSink, kOtherDevice,
                     "target is a mount point and cannot be renamed as a whole: {}; choose a "
                     "directory below it",
                     target.path);
  }
  // Moving a directory rewrites its ".." entry, so it must be writable itself.
  ARROW_RETURN_NOT_OK(env->CheckWritable(target.path));
  if (options.mode == PublishMode::kCreate) return Status::OK();  // refused by what follows
  const bool replaces =
      options.mode == PublishMode::kOverwrite || options.mode == PublishMode::kRollback;
  return replaces ? CheckHoldsOnlyData(env, target.path) : CheckCanBeKept(env, target.path);
}

// `path`, at which nothing stands, with its parent directory resolved; empty when there is no such
// directory.
Result<std::string> ResolveMissing(Env* env, const std::string& path) {
  const std::string parent = ParentPath(path);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(parent));
  const std::string name = BaseName(path);
  if (!found || found->type != FileType::kDirectory || name == "." || name == "..") return "";
  ARROW_ASSIGN_OR_RAISE(const std::string real_parent, env->RealPath(parent));
  return JoinPath(real_parent, name);
}

// Where the symbolic link `link`, which leads nowhere, would lead: the path of a dataset whose side
// directory stands there. Empty when there is none.
Result<std::string> FollowToSideDirectory(Env* env, const std::string& link) {
  constexpr int kLinksMax = 40;  // as many as the kernel follows
  std::string path = link;
  std::optional<FileStat> found;
  for (int links = 0; links < kLinksMax; ++links) {
    ARROW_ASSIGN_OR_RAISE(found, env->StatNoFollow(path));
    if (!found || found->type != FileType::kSymlink) break;
    ARROW_ASSIGN_OR_RAISE(const std::string text, env->ReadLink(path));
    path = text.starts_with('/') ? text : JoinPath(ParentPath(path), text);
  }
  if (found) return "";
  ARROW_ASSIGN_OR_RAISE(std::string resolved, ResolveMissing(env, path));
  if (resolved.empty()) return resolved;
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> side,
                        env->Stat(DatasetLayout(resolved).side()));
  return side && side->type == FileType::kDirectory ? resolved : "";
}

}  // namespace

Result<ResolvedTarget> ResolveTarget(Env* env, const std::string& target) {
  if (target.empty()) {
    return MakeError(ErrorKind::kUsage, kTargetNotNamed, "target is empty; name a path");
  }
  ResolvedTarget resolved;
  ARROW_ASSIGN_OR_RAISE(resolved.found, env->Stat(target));
  if (resolved.found) {
    ARROW_ASSIGN_OR_RAISE(resolved.path, env->RealPath(target));
    return resolved;
  }
  // Without slashes at its end: they would ask for what the link leads to.
  const std::string name = JoinPath(ParentPath(target), BaseName(target));
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> link, env->StatNoFollow(name));
  if (link) {
    ARROW_ASSIGN_OR_RAISE(resolved.path, FollowToSideDirectory(env, name));
    if (!resolved.path.empty()) return resolved;
    return MakeError(ErrorKind::kSink, kTargetOfOtherType,
                     "target is a symbolic link that leads nowhere: {}; remove or repair it",
                     target);
  }
  ARROW_ASSIGN_OR_RAISE(resolved.path, ResolveMissing(env, target));
  if (!resolved.path.empty()) return resolved;
  return MakeError(ErrorKind::kSink, kParentMissing,
                   "the target's parent directory does not exist: {}; create {} first", target,
                   ParentPath(target));
}

Status CheckTarget(Env* env, const ResolvedTarget& target, const TransactionOptions& options) {
  if (target.path == "/") {
    return MakeError(ErrorKind::kSink, kTargetOfOtherType,
                     "the root directory cannot be a target; choose a directory below it");
  }
  const std::string parent_path = ParentPath(target.path);
  if (IsInSideDirectory(target.path)) {
    return MakeError(ErrorKind::kSink, kInsideSideDirectory,
                     "the target lies in the side directory of another dataset, where the next run "
                     "would clean it away: {}; choose another place",
                     target.path);
  }
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> parent, env->Stat(parent_path));
  if (!parent) {
    return MakeError(ErrorKind::kSink, kParentMissing,
                     "the target's parent directory does not exist: {}; create {} first",
                     target.path, parent_path);
  }
  ARROW_RETURN_NOT_OK(env->CheckWritable(parent_path));
  if (options.kind == TargetKind::kSingleFile) {
    ARROW_RETURN_NOT_OK(CheckFileTarget(target, options));
  } else {
    ARROW_RETURN_NOT_OK(CheckDatasetTarget(env, target, options, *parent));
  }
  if (options.mode == PublishMode::kCreate && target.found) {
    return MakeError(ErrorKind::kSink, kTargetExists,
                     "target exists already: {}; choose another target or another mode (append, "
                     "overwrite, overwrite-partitions)",
                     target.path);
  }
  return Status::OK();
}

Result<std::optional<FileStat>> CheckTargetNow(Env* env, const TransactionOptions& options) {
  ResolvedTarget target;
  target.path = options.target;
  ARROW_ASSIGN_OR_RAISE(target.found, env->Stat(options.target));
  ARROW_RETURN_NOT_OK(CheckTarget(env, target, options));
  return target.found;
}

Status CheckHoldsOnlyData(Env* env, const std::string& directory) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(directory));
  for (const DirectoryEntry& entry : entries) {
    const std::string path = JoinPath(directory, entry.name);
    if (entry.type == FileType::kFile && IsDataFile(entry.name)) continue;
    if (entry.type == FileType::kDirectory && IsPartitionDirectory(entry.name)) {
      ARROW_RETURN_NOT_OK(CheckHoldsOnlyData(env, path));
      continue;
    }
    return MakeError(ErrorKind::kSink, kForeignContent,
                     "overwriting would destroy what is not part of a dataset: {}; move it away or "
                     "choose another target",
                     path);
  }
  return Status::OK();
}

}  // namespace headrace
