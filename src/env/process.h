// What the kernel says about this process, its memory limits and this machine. Reads /proc and
// cgroup files below a root directory that tests replace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "env/cgroup.h"

namespace headrace {

struct ProcessMemory {
  int64_t rss_bytes = 0;
  int64_t rss_anonymous_bytes = 0;
  int64_t rss_file_bytes = 0;
  int64_t rss_peak_bytes = 0;  // VmHWM
  int64_t swap_bytes = 0;
};

// Reads /proc/self/status below `root`. Zeros where a line is missing. rss_file_bytes includes
// shared memory.
Result<ProcessMemory> ReadProcessMemory(const std::string& root = "");
// The same out of the text of that file.
ProcessMemory ParseProcessMemory(std::string_view status);
// Current RSS alone, from /proc/self/statm: cheap enough for a sampler.
int64_t ReadRssBytes();

// What programs could be given without swapping, from /proc/meminfo below `root`; 0 = unknown.
int64_t ReadAvailableMemoryBytes(const std::string& root = "");

struct MemoryLimitCandidate {
  std::string origin;  // "RAM", "cgroup v1 /a/b memory.limit_in_bytes", "cgroup v2 /x memory.max"
  int64_t bytes = 0;
  int cgroup_index = -1;  // which of the cgroups it was read from; -1 for RAM
};

struct EffectiveMemoryLimit {
  int64_t bytes = 0;
  std::string origin;  // of the smallest candidate
  std::vector<MemoryLimitCandidate>
      candidates;  // RAM first, then from the process's own cgroup upwards
};

// The smallest of RAM and every cgroup limit above this process (v1 and v2, found through
// /proc/self/cgroup and /proc/self/mountinfo). `root` is put before every path; empty for the real
// machine.
Result<EffectiveMemoryLimit> ReadEffectiveMemoryLimit(const std::string& root = "");
// The same for cgroups that were found before and RAM that was read before (0 = unknown): reads the
// limits alone. InvalidConfig when there is nothing that limits.
Result<EffectiveMemoryLimit> ReadEffectiveMemoryLimit(const std::vector<CgroupDirectory>& cgroups,
                                                      int64_t ram_bytes);

// Cores this process may use: affinity mask, limited by a cgroup CPU quota where there is one. At
// least 1.
int ReadUsableCores(const std::string& root = "");

struct CpuTimes {
  double user_seconds = 0;
  double system_seconds = 0;
};
CpuTimes ReadCpuTimes();

struct PressureStall {
  double some_avg10 = 0;  // per cent
  double full_avg10 = 0;
};
// The text of a pressure file, the machine's or a cgroup's. Zeros where a line is missing.
PressureStall ParsePressureStall(std::string_view text);
// /proc/pressure/memory; nullopt where the kernel has none.
std::optional<PressureStall> ReadMemoryPressure(const std::string& root = "");

}  // namespace headrace
