#include "env/memory_probe.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "env/kernel_files.h"

namespace headrace {
namespace {

// Enough for every file read here in one call; larger ones make it grow.
constexpr size_t kBufferBytes = 16 * 1024;

double ThreadMicroseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// The number of a line "key 123", as memory.stat, memory.events and vmstat write it. Does not
// allocate: these files have a hundred lines.
std::optional<int64_t> FindCount(std::string_view text, std::string_view key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.size() > key.size() && line[key.size()] == ' ' && line.starts_with(key)) {
      return ParseKernelNumber(line.substr(key.size()));
    }
    at = end + 1;
  }
  return std::nullopt;
}

int64_t CountOrZero(std::string_view text, std::string_view key) {
  return std::max(int64_t{0}, FindCount(text, key).value_or(0));
}

// What of a cgroup's memory cannot be dropped by the kernel. Shared anonymous memory and files of
// tmpfs ("shmem") are swap-backed like the heap. Version 2 also tells kernel memory that stays;
// version 1 does not tell it apart from caches.
std::optional<int64_t> AnonymousBytes(std::string_view stat, CgroupVersion version) {
  if (version == CgroupVersion::kV2) {
    const std::optional<int64_t> anonymous = FindCount(stat, "anon");
    if (!anonymous) return std::nullopt;
    return *anonymous + CountOrZero(stat, "shmem") + CountOrZero(stat, "kernel_stack") +
           CountOrZero(stat, "pagetables") + CountOrZero(stat, "percpu") +
           CountOrZero(stat, "slab_unreclaimable");
  }
  // The plain lines are of the cgroup itself, "total_" adds those below it.
  if (const std::optional<int64_t> total = FindCount(stat, "total_rss")) {
    return *total + CountOrZero(stat, "total_shmem");
  }
  if (const std::optional<int64_t> own = FindCount(stat, "rss")) {
    return *own + CountOrZero(stat, "shmem");
  }
  return std::nullopt;
}

void SetUse(MemoryUse* use, int64_t used_bytes) {
  use->used_bytes = used_bytes;
  use->share = static_cast<double>(used_bytes) / static_cast<double>(use->limit_bytes);
}

}  // namespace

std::optional<std::string_view> OpenKernelFile::Read(std::vector<char>* buffer) {
  if (!descriptor_.is_open()) descriptor_ = OpenDescriptor(path_.c_str(), O_RDONLY);
  if (!descriptor_.is_open()) return std::nullopt;
  size_t size = 0;
  while (true) {
    if (size == buffer->size()) buffer->resize(std::max(kBufferBytes, size * 2));
    const ssize_t count = RetryInterrupted([&] {
      return ::pread(descriptor_.get(), buffer->data() + size, buffer->size() - size,
                     static_cast<off_t>(size));
    });
    if (count < 0) {  // ENODEV: the cgroup is gone
      descriptor_.Close();
      return std::nullopt;
    }
    if (count == 0) return std::string_view(buffer->data(), size);
    size += static_cast<size_t>(count);
  }
}

MemoryProbe::Cgroup::Cgroup(const CgroupDirectory& directory)
    : use_name("anonymous memory of " + CgroupName(directory)),
      version(directory.version),
      stat(directory.directory + "/memory.stat"),
      events(directory.directory +
             (version == CgroupVersion::kV1 ? "/memory.oom_control" : "/memory.events")),
      failures(directory.directory + "/memory.failcnt"),
      pressure(directory.directory + "/memory.pressure") {}

MemoryProbe MemoryProbe::Make(std::string root) { return MemoryProbe(std::move(root)); }

MemoryProbe::MemoryProbe(std::string root)
    : root_(std::move(root)),
      statm_(root_ + "/proc/self/statm"),
      status_(root_ + "/proc/self/status"),
      meminfo_(root_ + "/proc/meminfo"),
      vmstat_(root_ + "/proc/vmstat"),
      pressure_(root_ + "/proc/pressure/memory") {}

const MemoryReadings& MemoryProbe::Read(Depth depth) {
  if (depth == Depth::kFull || full_readings_ == 0) {
    if (full_readings_++ % kFullReadingsPerSearch == 0) FindCgroups();
    if (const auto text = status_.Read(&buffer_)) readings_.process = ParseProcessMemory(*text);
    if (const auto text = vmstat_.Read(&buffer_)) {
      readings_.swap_pages = CountOrZero(*text, "pswpin") + CountOrZero(*text, "pswpout");
    }
    ReadLimits();
    ReadGauges();
    ReadStalls();
    ReadEvents();
  } else if (gauge_rests_ > 0) {
    --gauge_rests_;
  } else {
    ReadGauges();
  }
  static const int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
  if (const auto text = statm_.Read(&buffer_)) {
    const std::string_view resident = text->substr(std::min(text->find(' '), text->size()));
    const size_t end = resident.find(' ', 1);
    if (const auto pages = ParseKernelNumber(resident.substr(0, end))) {
      readings_.process.rss_bytes = std::max(int64_t{0}, *pages) * page_bytes;
    }
  }
  readings_.process.rss_peak_bytes =
      std::max(readings_.process.rss_peak_bytes, readings_.process.rss_bytes);
  return readings_;
}

void MemoryProbe::FindCgroups() {
  std::vector<CgroupDirectory> found = FindCgroupDirectories(root_, "memory");
  if (found == directories_) return;
  directories_ = std::move(found);
  cgroups_.clear();
  for (const CgroupDirectory& directory : directories_) cgroups_.emplace_back(directory);
}

// Lists anew what limits. A cgroup with two limits is as full as its smaller one says.
void MemoryProbe::ReadLimits() {
  if (const auto text = meminfo_.Read(&buffer_)) {
    if (const int64_t total = FindKibibyteLine(*text, "MemTotal"); total > 0) ram_bytes_ = total;
  }
  auto limit = ReadEffectiveMemoryLimit(directories_, ram_bytes_);
  readings_.limit = limit.ok() ? std::move(*limit) : EffectiveMemoryLimit{};
  readings_.uses.clear();
  int last_cgroup_index = -1;
  for (const MemoryLimitCandidate& candidate : readings_.limit.candidates) {
    if (candidate.cgroup_index < 0) {
      readings_.uses.push_back({"memory of the machine", candidate.origin, candidate.bytes});
    } else if (candidate.cgroup_index != last_cgroup_index) {
      const std::string& name = cgroups_[static_cast<size_t>(candidate.cgroup_index)].use_name;
      readings_.uses.push_back({name, candidate.origin, candidate.bytes, 0, 0, true});
    } else if (MemoryUse& same = readings_.uses.back(); candidate.bytes < same.limit_bytes) {
      same.origin = candidate.origin;
      same.limit_bytes = candidate.bytes;
    }
    last_cgroup_index = candidate.cgroup_index;
  }
}

// Reads how full each limit is, and notes how long to leave it alone for what it took.
void MemoryProbe::ReadGauges() {
  const double begin = ThreadMicroseconds();
  for (MemoryUse& use : readings_.uses) {
    if (use.is_cgroup) continue;
    const auto text = meminfo_.Read(&buffer_);
    if (!text) continue;
    readings_.available_bytes = FindKibibyteLine(*text, "MemAvailable");
    // Without that line (kernels before 3.14) nobody knows what could be freed.
    if (text->find("MemAvailable:") != std::string_view::npos) {
      SetUse(&use, std::max(int64_t{0}, use.limit_bytes - readings_.available_bytes));
    }
  }
  for (Cgroup& cgroup : cgroups_) {
    const auto use = std::find_if(readings_.uses.begin(), readings_.uses.end(),
                                  [&](const MemoryUse& u) { return u.name == cgroup.use_name; });
    if (use == readings_.uses.end()) continue;
    if (const auto bytes = ReadAnonymousBytes(&cgroup)) SetUse(&*use, *bytes);
  }
  readings_.closest.reset();
  readings_.closest_cgroup.reset();
  for (size_t at = 0; at < readings_.uses.size(); ++at) {
    const MemoryUse& use = readings_.uses[at];
    const auto is_closer = [&](const std::optional<size_t>& than) {
      return !than || use.share > readings_.uses[*than].share;
    };
    if (is_closer(readings_.closest)) readings_.closest = at;
    if (use.is_cgroup && is_closer(readings_.closest_cgroup)) readings_.closest_cgroup = at;
  }
  ++readings_.use_readings;
  const bool is_tight =
      readings_.closest && readings_.uses[*readings_.closest].share >= kTightShare;
  const double rests_max = is_tight ? kTightReadingsMax : kCheapReadingsMax;
  const double cost = ThreadMicroseconds() - begin;
  gauge_rests_ = static_cast<int>(std::min(cost / kGaugeMicroseconds, rests_max));
}

std::optional<int64_t> MemoryProbe::ReadAnonymousBytes(Cgroup* cgroup) {
  const auto text = cgroup->stat.Read(&buffer_);
  if (!text) return std::nullopt;
  return AnonymousBytes(*text, cgroup->version);
}

// The own cgroup's stalls hold those that limits above it cause, and leave out what others suffer.
void MemoryProbe::ReadStalls() {
  std::optional<std::string_view> text;
  for (size_t at = 0; at < cgroups_.size() && !text; ++at) {
    if (cgroups_[at].version == CgroupVersion::kV1) continue;
    text = cgroups_[at].pressure.Read(&buffer_);
    if (text) readings_.stall_of = CgroupName(directories_[at]);
  }
  if (!text) {
    text = pressure_.Read(&buffer_);
    readings_.stall_of = text ? "the machine" : "";
  }
  const PressureStall stall = text ? ParsePressureStall(*text) : PressureStall{};
  readings_.stall_some_share = stall.some_avg10 / 100;
  readings_.stall_full_share = stall.full_avg10 / 100;
}

// Version 1 counts per cgroup, version 2 with everything below: there the topmost count holds all.
void MemoryProbe::ReadEvents() {
  int64_t hits_v1 = 0;
  int64_t kills_v1 = 0;
  int64_t hits_v2 = 0;
  int64_t kills_v2 = 0;
  for (Cgroup& cgroup : cgroups_) {
    if (cgroup.version == CgroupVersion::kV1) {
      if (const auto text = cgroup.failures.Read(&buffer_)) {
        hits_v1 += ParseKernelNumber(*text).value_or(0);
      }
      if (const auto text = cgroup.events.Read(&buffer_))
        kills_v1 += CountOrZero(*text, "oom_kill");
    } else if (const auto text = cgroup.events.Read(&buffer_)) {
      hits_v2 = std::max(hits_v2, CountOrZero(*text, "max") + CountOrZero(*text, "high"));
      kills_v2 = std::max(kills_v2, CountOrZero(*text, "oom_kill"));
    }
  }
  readings_.limit_hits = hits_v1 + hits_v2;
  readings_.oom_kills = kills_v1 + kills_v2;
}

}  // namespace headrace
