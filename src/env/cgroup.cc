#include "env/cgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "env/env.h"
#include "env/kernel_files.h"

namespace headrace {
namespace {

struct Mount {
  std::string tree_path;    // which part of the cgroup tree is mounted
  std::string mount_point;  // where
};

bool Contains(const std::vector<std::string_view>& items, std::string_view item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

// mountinfo writes blanks, tabs, newlines and backslashes in paths as three octal digits.
std::string DecodeOctal(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      decoded += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                   (text[i + 3] - '0'));
      i += 3;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:1 - cgroup cgroup rw,memory": the optional fields
// end at "-".
std::optional<Mount> ParseMount(std::string_view line, CgroupVersion version,
                                std::string_view controller) {
  const std::vector<std::string_view> fields = SplitFields(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < 6 || fields.end() - dash < 4) return std::nullopt;
  if (version == CgroupVersion::kV2) {
    if (dash[1] != "cgroup2") return std::nullopt;
  } else if (dash[1] != "cgroup" || !Contains(SplitFields(dash[3], ','), controller)) {
    return std::nullopt;
  }
  return Mount{DecodeOctal(fields[3]), DecodeOctal(fields[4])};
}

std::optional<Mount> FindMount(std::string_view mountinfo, CgroupVersion version,
                               std::string_view controller) {
  for (const std::string_view line : SplitLines(mountinfo)) {
    if (std::optional<Mount> mount = ParseMount(line, version, controller)) return mount;
  }
  return std::nullopt;
}

// "4:memory:/a/b" for v1, "0::/a/b" for v2. The path may hold colons.
std::optional<std::string> FindOwnPath(std::string_view cgroups, CgroupVersion version,
                                       std::string_view controller) {
  for (const std::string_view line : SplitLines(cgroups)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool matches = version == CgroupVersion::kV2
                             ? line.substr(0, first) == "0" && controllers.empty()
                             : Contains(SplitFields(controllers, ','), controller);
    if (matches) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

// What of `own_path` lies below the mounted part; "" when the process stands at it or outside of
// it.
std::string PathBelowMount(const std::string& own_path, const std::string& tree_path) {
  if (own_path.find("..") != std::string::npos) return "";
  if (tree_path == "/") return own_path == "/" ? "" : own_path;
  if (own_path.starts_with(tree_path + "/")) return own_path.substr(tree_path.size());
  return "";
}

void AppendUpwards(const std::string& root, const Mount& mount, const std::string& own_path,
                   CgroupVersion version, std::vector<CgroupDirectory>* out) {
  const std::string tree_path = mount.tree_path == "/" ? "" : mount.tree_path;
  std::string below = PathBelowMount(own_path, mount.tree_path);
  while (true) {
    const std::string path = tree_path + below;
    out->push_back({version, path.empty() ? "/" : path, root + mount.mount_point + below});
    if (below.empty()) return;
    below.erase(below.rfind('/'));
  }
}

}  // namespace

std::string CgroupName(const CgroupDirectory& cgroup) {
  return fmt::format("cgroup {} {}", cgroup.version == CgroupVersion::kV1 ? "v1" : "v2",
                     cgroup.path);
}

std::vector<CgroupDirectory> FindCgroupDirectories(const std::string& root,
                                                   const std::string& controller) {
  std::vector<CgroupDirectory> directories;
  const std::optional<std::string> cgroups = ReadKernelFile(root + "/proc/self/cgroup");
  const std::optional<std::string> mountinfo = ReadKernelFile(root + "/proc/self/mountinfo");
  if (!cgroups || !mountinfo) return directories;
  for (const CgroupVersion version : {CgroupVersion::kV1, CgroupVersion::kV2}) {
    const std::optional<Mount> mount = FindMount(*mountinfo, version, controller);
    const std::optional<std::string> own_path = FindOwnPath(*cgroups, version, controller);
    if (mount && own_path) AppendUpwards(root, *mount, *own_path, version, &directories);
  }
  return directories;
}

}  // namespace headrace
