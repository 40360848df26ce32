#include "source/listing.h"

#include <algorithm>
#include <unordered_set>

#include "base/nearest_name.h"
#include "env/errno_status.h"
#include "source/glob.h"

namespace headrace {
namespace {

constexpr int kDirectoryDepthMax = 64;  // symbolic links may form circles

bool IsLeftOut(std::string_view name) { return name.starts_with('_') || name.starts_with('.'); }

class Listing {
 public:
  explicit Listing(Env* env) : env_(env) {}

  Status Add(const std::string& path) {
    if (path == "-") return AddFile(path, -1, "");
    if (path.find("://") != std::string::npos) {
      return MakeError(ErrorKind::kInvalidConfig, 104,
                       "this version reads local files only: {}; fetch it first", path);
    }
    ARROW_ASSIGN_OR_RAISE(const auto stat, env_->Stat(path));
    if (stat) return AddExisting(path, *stat, path);
    if (HasGlob(path)) return AddGlob(path);
    return Missing(path);
  }

  std::vector<InputFile> Take() { return std::move(files_); }

 private:
  Status AddExisting(const std::string& path, const FileStat& stat, const std::string& root) {
    switch (stat.type) {
      case FileType::kFile:
        return AddFile(path, stat.size_bytes, root);
      case FileType::kDirectory: {
        const size_t first = files_.size();
        const size_t before = first + repeated_;
        ARROW_RETURN_NOT_OK(AddDirectory(path, root, 0));
        SortFrom(first);
        if (files_.size() + repeated_ > before) return Status::OK();
        return MakeError(
            ErrorKind::kSource, kNoDataInDirectory,
            "directory has no data files (names with a leading '_' or '.' do not count): {}", path);
      }
      default:
        // A named pipe or a device: read once, like standard input, but under its own name.
        return MakeError(
            ErrorKind::kSource, 312,
            "neither a file nor a directory: {}; pass a pipe's data through standard input ('-')",
            path);
    }
  }

  Status AddDirectory(const std::string& directory, const std::string& root, int depth) {
    if (depth > kDirectoryDepthMax) {
      return MakeError(ErrorKind::kSource, 313, "directories nest deeper than {} levels: {}",
                       kDirectoryDepthMax, directory);
    }
    ARROW_ASSIGN_OR_RAISE(const auto entries, env_->List(directory));
    for (const DirectoryEntry& entry : entries) {
      if (IsLeftOut(entry.name)) continue;
      const std::string path = JoinPath(directory, entry.name);
      ARROW_ASSIGN_OR_RAISE(const auto stat, env_->Stat(path));
      if (!stat) continue;  // removed meanwhile, or a link to nothing
      if (stat->type == FileType::kDirectory) {
        ARROW_RETURN_NOT_OK(AddDirectory(path, root, depth + 1));
      } else if (stat->type == FileType::kFile) {
        ARROW_RETURN_NOT_OK(AddFile(path, stat->size_bytes, root));
      }
    }
    return Status::OK();
  }

  Status AddGlob(const std::string& pattern) {
    ARROW_ASSIGN_OR_RAISE(const auto paths, ExpandGlob(env_, pattern));
    const std::string root = GlobRoot(pattern);
    const size_t first = files_.size();
    size_t matched = 0;
    for (const std::string& path : paths) {
      ARROW_ASSIGN_OR_RAISE(const auto stat, env_->Stat(path));
      if (!stat || (stat->type != FileType::kFile && stat->type != FileType::kDirectory)) continue;
      // `**` matches directories as well as what lies in them; files count once.
      if (stat->type == FileType::kDirectory) {
        if (pattern.ends_with("**")) continue;
        ARROW_RETURN_NOT_OK(AddDirectory(path, root, 0));
      } else {
        ARROW_RETURN_NOT_OK(AddFile(path, stat->size_bytes, root));
      }
      ++matched;
    }
    SortFrom(first);
    if (matched > 0) return Status::OK();
    return MakeError(ErrorKind::kSource, 305, "no file matches: {}", pattern);
  }

  Status AddFile(const std::string& path, int64_t size_bytes, const std::string& root) {
    if (!seen_.insert(path).second) {
      ++repeated_;
      return Status::OK();
    }
    InputFile file{path, size_bytes, {}};
    if (path != root) {
      file.hive =
          ParseHivePath(std::string_view(path).substr(path.starts_with(root) ? root.size() : 0));
    }
    files_.push_back(std::move(file));
    return Status::OK();
  }

  void SortFrom(size_t first) {
    std::sort(files_.begin() + static_cast<ptrdiff_t>(first), files_.end(),
              [](const InputFile& a, const InputFile& b) { return a.path < b.path; });
  }

  Status Missing(const std::string& path) {
    const std::string parent = ParentPath(path);
    ARROW_ASSIGN_OR_RAISE(const auto stat, env_->Stat(parent));
    if (!stat || stat->type != FileType::kDirectory) {
      return MakeError(ErrorKind::kSource, kNotFoundToRead,
                       "no such file or directory: {} (nor is there a directory {})", path, parent);
    }
    std::vector<std::string> names;
    if (auto entries = env_->List(parent); entries.ok()) {
      for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
    }
    return MakeError(ErrorKind::kSource, kNotFoundToRead, "no such file or directory: {}{}", path,
                     DidYouMean(BaseName(path), names));
  }

  Env* env_;
  std::vector<InputFile> files_;
  std::unordered_set<std::string> seen_;
  size_t repeated_ = 0;
};

}  // namespace

Result<std::vector<InputFile>> ListInputs(Env* env, const std::vector<std::string>& paths) {
  if (paths.empty()) return MakeError(ErrorKind::kInvalidConfig, 105, "no input was named");
  Listing listing(env);
  for (const std::string& path : paths) ARROW_RETURN_NOT_OK(listing.Add(path));
  std::vector<InputFile> files = listing.Take();
  for (const InputFile& file : files) {
    if (file.path == "-" && files.size() > 1) {
      return MakeError(ErrorKind::kInvalidConfig, 108,
                       "standard input cannot be combined with other inputs");
    }
  }
  return files;
}

}  // namespace headrace
