#include "env/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "env/errno_status.h"
#include "env/kernel_files.h"

namespace headrace {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// v1 writes "no limit" as the largest multiple of the page size.
constexpr int64_t kUnlimitedBytes = int64_t{1} << 62;

void AppendLimit(const std::vector<CgroupDirectory>& cgroups, size_t index, const char* file,
                 std::vector<MemoryLimitCandidate>* candidates) {
  const CgroupDirectory& cgroup = cgroups[index];
  const std::optional<std::string> text = ReadKernelFile(cgroup.directory + "/" + file);
  if (!text) return;
  const std::optional<int64_t> bytes = ParseKernelNumber(*text);  // v2 writes "max" for none
  if (!bytes || *bytes <= 0 || *bytes >= kUnlimitedBytes) return;
  candidates->push_back(
      {fmt::format("{} {}", CgroupName(cgroup), file), *bytes, static_cast<int>(index)});
}

// "0-3,7" -> 5.
int CountCpuList(std::string_view list) {
  int count = 0;
  for (const std::string_view range : SplitFields(list, ',')) {
    const std::vector<std::string_view> ends = SplitFields(range, '-');
    const std::optional<int64_t> first = ParseKernelNumber(ends.front());
    const std::optional<int64_t> last = ParseKernelNumber(ends.back());
    if (first && last && *last >= *first) count += static_cast<int>(*last - *first + 1);
  }
  return count;
}

int CountAllowedCores(const std::string& root) {
  constexpr std::string_view kKey = "Cpus_allowed_list:";
  const std::string text = ReadKernelFile(root + "/proc/self/status").value_or("");
  for (const std::string_view line : SplitLines(text)) {
    if (!line.starts_with(kKey)) continue;
    if (const int count = CountCpuList(line.substr(kKey.size())); count > 0) return count;
  }
  return static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

// Cores by quota, rounded up: half a core more is half a worker more. nullopt without a quota.
std::optional<int64_t> QuotaCores(const CgroupDirectory& cgroup) {
  std::optional<int64_t> quota;
  std::optional<int64_t> period;
  if (cgroup.version == CgroupVersion::kV2) {
    const std::string text = ReadKernelFile(cgroup.directory + "/cpu.max").value_or("");
    const std::vector<std::string_view> fields = SplitFields(text, ' ');
    quota = ParseKernelNumber(fields.front());
    period = ParseKernelNumber(fields.back());
  } else {
    quota = ParseKernelNumber(ReadKernelFile(cgroup.directory + "/cpu.cfs_quota_us").value_or(""));
    period =
        ParseKernelNumber(ReadKernelFile(cgroup.directory + "/cpu.cfs_period_us").value_or(""));
  }
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return (*quota + *period - 1) / *period;
}

// The number after "avg10=" in the line that starts with `kind`.
double ParseAverage10(std::string_view text, std::string_view kind) {
  constexpr std::string_view kKey = "avg10=";
  for (const std::string_view line : SplitLines(text)) {
    const size_t at = line.find(kKey);
    if (!line.starts_with(kind) || at == std::string_view::npos) continue;
    double value = 0;
    std::from_chars(line.data() + at + kKey.size(), line.data() + line.size(), value);
    return value;
  }
  return 0;
}

}  // namespace

Result<ProcessMemory> ReadProcessMemory(const std::string& root) {
  const std::string path = root + "/proc/self/status";
  const std::optional<std::string> text = ReadKernelFile(path);
  if (!text) return ReadError(errno, "cannot read the memory of this process", "read", path);
  return ParseProcessMemory(*text);
}

ProcessMemory ParseProcessMemory(std::string_view status) {
  ProcessMemory memory;
  memory.rss_bytes = FindKibibyteLine(status, "VmRSS");
  memory.rss_anonymous_bytes = FindKibibyteLine(status, "RssAnon");
  memory.rss_file_bytes =
      FindKibibyteLine(status, "RssFile") + FindKibibyteLine(status, "RssShmem");
  memory.rss_peak_bytes = FindKibibyteLine(status, "VmHWM");
  memory.swap_bytes = FindKibibyteLine(status, "VmSwap");
  return memory;
}

int64_t ReadRssBytes() {
  static const int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
  const std::optional<std::string> text = ReadKernelFile("/proc/self/statm");
  if (!text) return 0;
  const std::vector<std::string_view> fields = SplitFields(*text, ' ');
  if (fields.size() < 2) return 0;
  return ParseKernelNumber(fields[1]).value_or(0) * page_bytes;
}

int64_t ReadAvailableMemoryBytes(const std::string& root) {
  return FindKibibyteLine(ReadKernelFile(root + "/proc/meminfo").value_or(""), "MemAvailable");
}

Result<EffectiveMemoryLimit> ReadEffectiveMemoryLimit(const std::string& root) {
  const std::string meminfo = ReadKernelFile(root + "/proc/meminfo").value_or("");
  return ReadEffectiveMemoryLimit(FindCgroupDirectories(root, "memory"),
                                  FindKibibyteLine(meminfo, "MemTotal"));
}

Result<EffectiveMemoryLimit> ReadEffectiveMemoryLimit(const std::vector<CgroupDirectory>& cgroups,
                                                      int64_t ram_bytes) {
  EffectiveMemoryLimit limit;
  if (ram_bytes > 0) limit.candidates.push_back({"RAM", ram_bytes});
  for (size_t index = 0; index < cgroups.size(); ++index) {
    if (cgroups[index].version == CgroupVersion::kV1) {
      AppendLimit(cgroups, index, "memory.limit_in_bytes", &limit.candidates);
    } else {
      AppendLimit(cgroups, index, "memory.max", &limit.candidates);
      AppendLimit(cgroups, index, "memory.high", &limit.candidates);
    }
  }
  if (limit.candidates.empty()) {
    return MakeError(
        ErrorKind::kInvalidConfig, 150,
        "cannot learn how much memory there is: no MemTotal in /proc/meminfo and no cgroup limit; "
        "give the budget with --memory");
  }
  const auto smallest =
      std::min_element(limit.candidates.begin(), limit.candidates.end(),
                       [](const MemoryLimitCandidate& a, const MemoryLimitCandidate& b) {
                         return a.bytes < b.bytes;
                       });
  limit.bytes = smallest->bytes;
  limit.origin = smallest->origin;
  return limit;
}

int ReadUsableCores(const std::string& root) {
  int64_t cores = CountAllowedCores(root);
  for (const CgroupDirectory& cgroup : FindCgroupDirectories(root, "cpu")) {
    if (const std::optional<int64_t> quota = QuotaCores(cgroup)) cores = std::min(cores, *quota);
  }
  return static_cast<int>(std::max(int64_t{1}, cores));
}

CpuTimes ReadCpuTimes() {
  struct rusage usage;
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return {};
  return {Seconds(usage.ru_utime), Seconds(usage.ru_stime)};
}

PressureStall ParsePressureStall(std::string_view text) {
  return {ParseAverage10(text, "some"), ParseAverage10(text, "full")};
}

std::optional<PressureStall> ReadMemoryPressure(const std::string& root) {
  const std::optional<std::string> text = ReadKernelFile(root + "/proc/pressure/memory");
  if (!text) return std::nullopt;
  return ParsePressureStall(*text);
}

}  // namespace headrace
