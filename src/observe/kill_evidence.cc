#include "observe/kill_evidence.h"

#include <optional>

#include "env/cgroup.h"
#include "env/kernel_files.h"

namespace headrace {
namespace {

constexpr char kBootIdPath[] = "/proc/sys/kernel/random/boot_id";
constexpr char kMachinePath[] = "/proc/vmstat";
constexpr char kMachineName[] = "the machine";

std::string ReadBootId(const std::string& root) {
  std::string id = ReadKernelFile(root + kBootIdPath).value_or("");
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

// The number of the line "oom_kill 3", which memory.events, memory.oom_control and vmstat share.
std::optional<int64_t> ReadKills(const std::string& path) {
  constexpr std::string_view kKey = "oom_kill ";
  const std::optional<std::string> text = ReadKernelFile(path);
  if (!text) return std::nullopt;
  for (const std::string_view line : SplitLines(*text)) {
    if (line.starts_with(kKey)) return ParseKernelNumber(line.substr(kKey.size()));
  }
  return std::nullopt;
}

}  // namespace

KillCounters ReadKillCounters(const std::string& root) {
  KillCounters found;
  found.boot_id = ReadBootId(root);
  const auto add = [&](std::string name, std::string path) {
    if (const std::optional<int64_t> kills = ReadKills(root + path)) {
      found.counters.push_back({std::move(name), std::move(path), *kills});
    }
  };
  for (const CgroupDirectory& cgroup : FindCgroupDirectories(root, "memory")) {
    const bool v1 = cgroup.version == CgroupVersion::kV1;
    add(std::string(v1 ? "cgroup v1 " : "cgroup v2 ") + cgroup.path,
        cgroup.directory.substr(root.size()) + (v1 ? "/memory.oom_control" : "/memory.events"));
  }
  add(kMachineName, kMachinePath);
  return found;
}

DeathEvidence CompareKillCounters(const KillCounters& start, const std::string& root) {
  DeathEvidence evidence;
  const std::string boot_id = ReadBootId(root);
  if (!boot_id.empty() && !start.boot_id.empty() && boot_id != start.boot_id) {
    evidence.machine_restarted = true;
    return evidence;
  }
  for (const KillCounter& counter : start.counters) {
    const std::optional<int64_t> kills = ReadKills(root + counter.path);
    if (!kills) {
      evidence.cgroup_gone = true;
    } else if (*kills > counter.kills && evidence.killed_in.empty()) {
      evidence.killed_in = counter.name;
      evidence.kills = *kills - counter.kills;
    }
  }
  return evidence;
}

}  // namespace headrace
