// Memory limits, cores and pressure read from synthetic /proc and cgroup trees, and from this very
// process.
#include "env/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "env/cgroup.h"
#include "env/kernel_files.h"
#include "support/cgroup_mounts.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using testing::kV1Mount;
using testing::kV2Mount;

class ProcessTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) { root_.Put(path, text); }
  void PutMachine(const std::string& cgroup, const std::string& mountinfo) {
    Put("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\n");
    Put("proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3,8,10-11\n");
    Put("proc/self/cgroup", cgroup);
    Put("proc/self/mountinfo", mountinfo);
  }
  std::vector<std::string> Candidates() {
    std::vector<std::string> texts;
    for (const MemoryLimitCandidate& candidate : Limit().candidates) {
      texts.push_back(fmt::format("{} = {}", candidate.origin, candidate.bytes));
    }
    return texts;
  }
  EffectiveMemoryLimit Limit() { return ReadEffectiveMemoryLimit(root_.path()).ValueOrDie(); }

  TemporaryDirectory root_;
};

constexpr char kRam[] = "RAM = 17179869184";

TEST_F(ProcessTest, RamAloneWithoutCgroups) {
  Put("proc/meminfo", "MemTotal:       16777216 kB\n");
  EXPECT_THAT(Candidates(), ElementsAre(kRam));
  EXPECT_EQ(Limit().origin, "RAM");
}

TEST_F(ProcessTest, NothingToReadIsAnError) {
  const Status status = ReadEffectiveMemoryLimit(root_.path()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidConfig) << status.ToString();
}

TEST_F(ProcessTest, V1NestedWithUnlimitedParent) {
  PutMachine("4:memory:/a/b\n1:cpu,cpuacct:/a\n0::/\n", kV1Mount);
  Put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "536870912\n");
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "268435456\n");
  Put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_THAT(Candidates(), ElementsAre(kRam, "cgroup v1 /a/b memory.limit_in_bytes = 536870912",
                                        "cgroup v1 /a memory.limit_in_bytes = 268435456"));
  EXPECT_EQ(Limit().bytes, 268435456);
  EXPECT_EQ(Limit().origin, "cgroup v1 /a memory.limit_in_bytes");
}

TEST_F(ProcessTest, V2NestedWithMaxAndHigh) {
  PutMachine("0::/user.slice/app:x.scope\n", kV2Mount);
  Put("sys/fs/cgroup/user.slice/app:x.scope/memory.max", "max\n");
  Put("sys/fs/cgroup/user.slice/app:x.scope/memory.high", "1073741824\n");
  Put("sys/fs/cgroup/user.slice/memory.max", "2147483648\n");
  Put("sys/fs/cgroup/user.slice/memory.high", "max\n");
  EXPECT_THAT(Candidates(),
              ElementsAre(kRam, "cgroup v2 /user.slice/app:x.scope memory.high = 1073741824",
                          "cgroup v2 /user.slice memory.max = 2147483648"));
}

TEST_F(ProcessTest, CandidatesSayWhichCgroupTheyAreOf) {
  PutMachine("0::/a/b\n", kV2Mount);
  Put("sys/fs/cgroup/a/b/memory.max", "300000000\n");
  Put("sys/fs/cgroup/a/memory.max", "200000000\n");
  Put("sys/fs/cgroup/a/memory.high", "100000000\n");
  const std::vector<CgroupDirectory> cgroups = FindCgroupDirectories(root_.path(), "memory");
  const EffectiveMemoryLimit limit = ReadEffectiveMemoryLimit(cgroups, 1 << 30).ValueOrDie();
  std::vector<int> indices;
  for (const MemoryLimitCandidate& candidate : limit.candidates) {
    indices.push_back(candidate.cgroup_index);
  }
  EXPECT_THAT(indices, ElementsAre(-1, 0, 1, 1));
  EXPECT_EQ(limit.bytes, 100000000);
  EXPECT_EQ(CgroupName(cgroups[1]), "cgroup v2 /a");
  EXPECT_EQ(ReadEffectiveMemoryLimit(cgroups, 0)->candidates.size(), 3u);
  EXPECT_FALSE(ReadEffectiveMemoryLimit({}, 0).ok());
}

TEST_F(ProcessTest, HybridReadsBoth) {
  PutMachine(
      "4:memory:/a\n0::/b\n",
      std::string(kV1Mount) + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "100000000\n");
  Put("sys/fs/cgroup/unified/b/memory.max", "200000000\n");
  EXPECT_THAT(Candidates(), ElementsAre(kRam, "cgroup v1 /a memory.limit_in_bytes = 100000000",
                                        "cgroup v2 /b memory.max = 200000000"));
}

TEST_F(ProcessTest, ContainerSeesOnlyItsPartOfTheTree) {
  PutMachine(
      "4:memory:/docker/abc/inner\n",
      "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro master:11 - cgroup cgroup rw,memory\n");
  Put("sys/fs/cgroup/memory/memory.limit_in_bytes", "300000000\n");
  Put("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "400000000\n");
  EXPECT_THAT(Candidates(),
              ElementsAre(kRam, "cgroup v1 /docker/abc/inner memory.limit_in_bytes = 400000000",
                          "cgroup v1 /docker/abc memory.limit_in_bytes = 300000000"));
}

TEST_F(ProcessTest, ProcessOutsideOfTheMountedPartReadsTheMount) {
  for (const char* own : {"/elsewhere", "/../../host", "/docker/abcdef"}) {
    PutMachine(std::string("0::") + own + "\n",
               "35 31 0:32 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
    Put("sys/fs/cgroup/memory.max", "300000000\n");
    EXPECT_THAT(Candidates(), ElementsAre(kRam, "cgroup v2 /docker/abc memory.max = 300000000"))
        << own;
  }
}

TEST_F(ProcessTest, MountPointsWithBlanksAreDecoded) {
  PutMachine("0::/\n", "41 31 0:38 / /mnt/my\\040cgroups rw - cgroup2 cgroup2 rw\n");
  Put("mnt/my cgroups/memory.max", "300000000\n");
  EXPECT_EQ(Limit().bytes, 300000000);
}

TEST_F(ProcessTest, CoresByAffinityAndQuota) {
  PutMachine("0::/a\n", kV2Mount);
  EXPECT_EQ(ReadUsableCores(root_.path()), 7);
  Put("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(ReadUsableCores(root_.path()), 7);
  Put("sys/fs/cgroup/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(ReadUsableCores(root_.path()), 3);
  Put("sys/fs/cgroup/cpu.max", "20000 100000\n");
  EXPECT_EQ(ReadUsableCores(root_.path()), 1);
}

TEST_F(ProcessTest, CoresByV1Quota) {
  PutMachine("1:cpu,cpuacct:/a\n", kV1Mount);
  Put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  Put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(ReadUsableCores(root_.path()), 7);
  Put("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n");
  EXPECT_EQ(ReadUsableCores(root_.path()), 2);
}

TEST_F(ProcessTest, MemoryOfAProcess) {
  Put("proc/self/status",
      "VmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\nRssAnon:\t 512 kB\nRssFile:\t 500 kB\n"
      "RssShmem:\t 12 kB\nVmSwap:\t 7 kB\n");
  const ProcessMemory memory = ReadProcessMemory(root_.path()).ValueOrDie();
  EXPECT_EQ(memory.rss_peak_bytes, 2048 * 1024);
  EXPECT_EQ(memory.rss_bytes, 1024 * 1024);
  EXPECT_EQ(memory.rss_anonymous_bytes, 512 * 1024);
  EXPECT_EQ(memory.rss_file_bytes, 512 * 1024);
  EXPECT_EQ(memory.swap_bytes, 7 * 1024);
  EXPECT_FALSE(ReadProcessMemory(root_ / "none").ok());
}

TEST_F(ProcessTest, Pressure) {
  EXPECT_FALSE(ReadMemoryPressure(root_.path()).has_value());
  Put("proc/pressure/memory",
      "some avg10=1.25 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.50 avg60=0 avg300=0 "
      "total=3\n");
  EXPECT_DOUBLE_EQ(ReadMemoryPressure(root_.path())->some_avg10, 1.25);
  EXPECT_DOUBLE_EQ(ReadMemoryPressure(root_.path())->full_avg10, 0.5);
}

TEST(ThisProcessTest, FiguresAgree) {
  const ProcessMemory memory = ReadProcessMemory().ValueOrDie();
  EXPECT_GT(memory.rss_bytes, 1 << 20);
  EXPECT_GE(memory.rss_peak_bytes, memory.rss_bytes);
  const int64_t difference = std::abs(ReadRssBytes() - memory.rss_bytes);
  EXPECT_LT(difference, 8 << 20);
  const EffectiveMemoryLimit limit = ReadEffectiveMemoryLimit().ValueOrDie();
  EXPECT_EQ(limit.candidates.front().origin, "RAM");
  EXPECT_LE(limit.bytes, limit.candidates.front().bytes);
  EXPECT_GE(ReadUsableCores(), 1);
  EXPECT_GT(ReadCpuTimes().user_seconds + ReadCpuTimes().system_seconds, 0);
}

TEST(KernelFilesTest, Numbers) {
  EXPECT_EQ(ParseKernelNumber(" 12\n"), 12);
  EXPECT_EQ(ParseKernelNumber("-1\n"), -1);
  for (const char* text : {"", "max", "12x", "1 2", "99999999999999999999"}) {
    EXPECT_FALSE(ParseKernelNumber(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace headrace
