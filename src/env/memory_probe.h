// How much memory is in use and how much there may be, read again and again at little cost: this
// process, the cgroups above it, the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env/cgroup.h"
#include "env/file_descriptor.h"
#include "env/process.h"

namespace headrace {

// Something that limits memory and how full it is. Page cache is no use: it goes when memory is
// wanted.
struct MemoryUse {
  std::string name;    // "memory of the machine", "anonymous memory of cgroup v2 /a"
  std::string origin;  // of the limit: "RAM", "cgroup v2 /a memory.max"
  int64_t limit_bytes = 0;
  int64_t used_bytes = 0;
  double share = 0;  // used of limit
  bool is_cgroup = false;
};

struct MemoryReadings {
  ProcessMemory process;          // rss_bytes is of this reading, the rest of the last full one
  std::vector<MemoryUse> uses;    // RAM first, then from the own cgroup upwards
  std::optional<size_t> closest;  // in `uses`, the largest share; none when nothing is known
  std::optional<size_t> closest_cgroup;
  EffectiveMemoryLimit limit;   // bytes 0 when nothing limits
  int64_t available_bytes = 0;  // MemAvailable
  double stall_some_share = 0;  // PSI over 10 s, 0 to 1
  double stall_full_share = 0;
  std::string stall_of;      // "cgroup v2 /a", "the machine"; "" without PSI
  int64_t swap_pages = 0;    // in and out since the machine started
  int64_t limit_hits = 0;    // how often a cgroup limit above this process made the kernel reclaim
  int64_t oom_kills = 0;     // in these cgroups, of anybody
  int64_t use_readings = 0;  // how often `uses` were read; unchanged = they are those of before
};

// A file of the kernel that stays open, because opening one costs more than reading it.
class OpenKernelFile {
 public:
  explicit OpenKernelFile(std::string path) : path_(std::move(path)) {}
  // The whole text, put into `buffer`. nullopt when the file is missing or cannot be read; the next
  // call opens it again.
  std::optional<std::string_view> Read(std::vector<char>* buffer);

 private:
  std::string path_;
  FileDescriptor descriptor_;
};

// Role: reads what MemoryReadings says. A cheap reading takes the RSS, and the use of the machine
// and of limited cgroups as often as kGaugeMicroseconds per reading pays for, or every third time
// where memory is tight; a full one reads everything, limits included. The cgroups themselves are
// looked for again with every kFullReadingsPerSearch-th full reading: a process may be moved.
// Owner: one sampler. Threads: one at a time. Errors: none; what cannot be read is absent or keeps
// its last value. Limits: one descriptor per file, at most five and four per cgroup.
class MemoryProbe {
 public:
  enum class Depth : uint8_t { kCheap, kFull };

  static constexpr double kGaugeMicroseconds = 12;
  static constexpr int kCheapReadingsMax = 9;  // between two looks at the use
  static constexpr double kTightShare = 0.5;   // from here on reaction counts more than cost
  static constexpr int kTightReadingsMax = 2;
  static constexpr int kFullReadingsPerSearch = 10;

  // Reads below `root`, empty for the real machine. Makes no reading yet.
  static MemoryProbe Make(std::string root = "");

  // Valid until the next call. The first reading is always a full one.
  const MemoryReadings& Read(Depth depth);
  // What the last reading said; all zero before the first.
  const MemoryReadings& readings() const { return readings_; }

 private:
  struct Cgroup {
    explicit Cgroup(const CgroupDirectory& directory);
    std::string use_name;
    CgroupVersion version;
    OpenKernelFile stat;      // memory.stat
    OpenKernelFile events;    // v2 memory.events, v1 memory.oom_control
    OpenKernelFile failures;  // v1 memory.failcnt
    OpenKernelFile pressure;  // v2 memory.pressure
  };

  explicit MemoryProbe(std::string root);
  void FindCgroups();
  void ReadGauges();
  void ReadLimits();
  void ReadStalls();
  void ReadEvents();
  std::optional<int64_t> ReadAnonymousBytes(Cgroup* cgroup);

  std::string root_;
  OpenKernelFile statm_;
  OpenKernelFile status_;
  OpenKernelFile meminfo_;
  OpenKernelFile vmstat_;
  OpenKernelFile pressure_;
  std::vector<CgroupDirectory> directories_;
  std::vector<Cgroup> cgroups_;  // one for each of directories_
  std::vector<char> buffer_;
  MemoryReadings readings_;
  int64_t ram_bytes_ = 0;
  int64_t full_readings_ = 0;
  int gauge_rests_ = 0;  // cheap readings that leave the gauges alone
};

}  // namespace headrace
