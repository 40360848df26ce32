#include "source/glob.h"

#include <algorithm>

namespace headrace {
namespace {

constexpr int kDepthMax = 64;  // of `**`: symbolic links may form circles

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> names;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t slash = std::min(path.find('/', begin), path.size());
    if (slash > begin) names.emplace_back(path.substr(begin, slash - begin));
    begin = slash + 1;
  }
  return names;
}

// Matches the set at the front of `pattern` ("[a-z]") against `c` and moves behind it. An unclosed
// '[' is a literal.
bool MatchSet(std::string_view pattern, unsigned char c, size_t* length) {
  size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (const size_t first = at; at < pattern.size() && (pattern[at] != ']' || at == first); ++at) {
    const auto low = static_cast<unsigned char>(pattern[at]);
    auto high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      high = static_cast<unsigned char>(pattern[at + 2]);
      at += 2;
    }
    found = found || (low <= c && c <= high);
  }
  if (at >= pattern.size()) {
    *length = 1;
    return c == '[';
  }
  *length = at + 1;
  return found != negated;
}

// Matches one name with at most one step of memory: where the last '*' stood and what it has
// swallowed.
bool MatchName(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t star_name = 0;
  while (n < name.size()) {
    size_t length = 1;
    bool matches = false;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    if (p < pattern.size()) {
      if (pattern[p] == '?') {
        matches = true;
      } else if (pattern[p] == '[') {
        matches = MatchSet(pattern.substr(p), static_cast<unsigned char>(name[n]), &length);
      } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        matches = pattern[p + 1] == name[n];
        length = 2;
      } else {
        matches = pattern[p] == name[n];
      }
    }
    if (matches) {
      p += length;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string Unescape(std::string_view name) {
  std::string plain;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) ++i;
    plain.push_back(name[i]);
  }
  return plain;
}

std::string Extend(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : JoinPath(directory, name);
}

class Expansion {
 public:
  Expansion(Env* env, std::vector<std::string> names) : env_(env), names_(std::move(names)) {}

  Status Walk(const std::string& directory, size_t index, int depth) {
    if (index == names_.size()) {
      found_.push_back(directory);
      return Status::OK();
    }
    const std::string& name = names_[index];
    if (name != "**" && !HasGlob(name))
      return WalkLiteral(Extend(directory, Unescape(name)), index, depth);
    if (name == "**") ARROW_RETURN_NOT_OK(Walk(directory, index + 1, depth));
    ARROW_ASSIGN_OR_RAISE(auto entries, env_->List(directory.empty() ? "." : directory));
    for (const DirectoryEntry& entry : entries) {
      const std::string path = Extend(directory, entry.name);
      ARROW_ASSIGN_OR_RAISE(const bool is_directory, IsDirectory(path, entry.type));
      if (name == "**") {
        if (is_directory && !entry.name.starts_with('.') && depth < kDepthMax) {
          ARROW_RETURN_NOT_OK(Walk(path, index, depth + 1));
        }
      } else if (GlobMatches(name, entry.name) && (is_directory || index + 1 == names_.size())) {
        ARROW_RETURN_NOT_OK(Walk(path, index + 1, depth + 1));
      }
    }
    return Status::OK();
  }

  std::vector<std::string> Take() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return std::move(found_);
  }

 private:
  Status WalkLiteral(const std::string& path, size_t index, int depth) {
    ARROW_ASSIGN_OR_RAISE(const auto stat, env_->Stat(path));
    if (!stat || (stat->type != FileType::kDirectory && index + 1 < names_.size()))
      return Status::OK();
    return Walk(path, index + 1, depth + 1);
  }

  Result<bool> IsDirectory(const std::string& path, FileType type) {
    if (type == FileType::kDirectory || type == FileType::kFile)
      return type == FileType::kDirectory;
    ARROW_ASSIGN_OR_RAISE(const auto stat, env_->Stat(path));
    return stat && stat->type == FileType::kDirectory;
  }

  Env* env_;
  const std::vector<std::string> names_;
  std::vector<std::string> found_;
};

}  // namespace

bool HasGlob(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

bool GlobMatches(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  return MatchName(pattern, name);
}

std::string GlobRoot(std::string_view pattern) {
  const size_t wildcard = pattern.find_first_of("*?[");
  if (wildcard == std::string_view::npos) return std::string(pattern);
  const size_t slash = pattern.rfind('/', wildcard);
  if (slash == std::string_view::npos) return "";
  return std::string(pattern.substr(0, std::max<size_t>(slash, 1)));
}

Result<std::vector<std::string>> ExpandGlob(Env* env, const std::string& pattern) {
  const std::string root = GlobRoot(pattern);
  const std::string rest = pattern.substr(root.size());
  if (!root.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto stat, env->Stat(root));
    if (!stat || stat->type != FileType::kDirectory) return std::vector<std::string>{};
  }
  Expansion expansion(env, SplitPath(rest));
  ARROW_RETURN_NOT_OK(expansion.Walk(root, 0, 0));
  return expansion.Take();
}

}  // namespace headrace
