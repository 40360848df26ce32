// Where this process stands in the cgroup trees: the directories whose limits bind it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headrace {

enum class CgroupVersion : uint8_t { kV1, kV2 };

struct CgroupDirectory {
  CgroupVersion version = CgroupVersion::kV2;
  std::string path;       // as the kernel names it, "/a/b"
  std::string directory;  // where its files are, `root` included

  bool operator==(const CgroupDirectory&) const = default;
};

// "cgroup v1 /a/b": how messages name it.
std::string CgroupName(const CgroupDirectory& cgroup);

// The directories of v1 `controller` and of v2 from the process's own cgroup up to the mount, v1
// first. Found through /proc/self/cgroup and /proc/self/mountinfo below `root`. In a container,
// where only a part of the tree is mounted, the walk ends at the mount: what lies above cannot be
// seen. Empty where there are no cgroups.
std::vector<CgroupDirectory> FindCgroupDirectories(const std::string& root,
                                                   const std::string& controller);

}  // namespace headrace
