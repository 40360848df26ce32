// What /proc/self/mountinfo says where memory cgroups are mounted, of either version.
#pragma once

namespace headrace::testing {

inline constexpr char kV1Mount[] =
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
inline constexpr char kV2Mount[] = "41 31 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

}  // namespace headrace::testing
