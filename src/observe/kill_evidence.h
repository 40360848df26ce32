// Whether the kernel killed somebody for lack of memory between two moments: counters of the
// cgroups above a process and of the machine, noted when a run begins and read again when it died.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace headrace {

// How often the kernel killed for lack of memory in one place.
struct KillCounter {
  std::string name;  // "cgroup v2 /a", "the machine"
  std::string path;  // of the file of the kernel, `root` not included
  int64_t kills = 0;
};

struct KillCounters {
  std::string boot_id;                // counters begin anew when the machine starts
  std::vector<KillCounter> counters;  // from the own cgroup upwards, the machine last
};

struct DeathEvidence {
  std::string killed_in;  // the innermost place whose counter grew; "" = none did
  int64_t kills = 0;      // by how much
  bool machine_restarted = false;
  bool cgroup_gone = false;  // the cgroup was removed since: its counter cannot be read any more
};

// Of this process. Below `root`, empty for the real machine. What is missing is left out.
KillCounters ReadKillCounters(const std::string& root = "");

// What happened since `start` was read, by whichever process.
DeathEvidence CompareKillCounters(const KillCounters& start, const std::string& root = "");

}  // namespace headrace
