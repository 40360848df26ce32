// Use and limits read from synthetic /proc and cgroup trees that change while they are read, and
// from this very machine.
#include "env/memory_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <filesystem>
#include <fstream>

#include "support/cgroup_mounts.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using testing::kV1Mount;
using testing::kV2Mount;
using Depth = MemoryProbe::Depth;

constexpr int64_t kMiB = 1 << 20;
std::string V1Stat(int64_t rss, int64_t total_rss, int64_t total_shmem = 0) {
  return fmt::format(
      "cache 999999999999\nrss {}\nrss_huge 0\nshmem 0\nmapped_file 5\ntotal_cache 999999999999\n"
      "total_rss {}\ntotal_rss_huge 77\ntotal_shmem {}\n",
      rss, total_rss, total_shmem);
}

std::string V2Stat(int64_t anonymous, int64_t shared = 0, int64_t page_tables = 0) {
  return fmt::format(
      "anon {}\nfile 999999999999\nkernel 888888888\nkernel_stack 0\npagetables {}\npercpu 0\n"
      "sock 0\nshmem {}\nfile_mapped 3\nanon_thp 12345\nslab_reclaimable 777777777\n"
      "slab_unreclaimable 0\nslab 777777777\n",
      anonymous, page_tables, shared);
}

class MemoryProbeTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) { root_.Put(path, text); }
  void PutMachine(const std::string& cgroup, const std::string& mountinfo) {
    Put("proc/meminfo", "MemTotal: 16777216 kB\nMemFree: 1 kB\nMemAvailable: 12582912 kB\n");
    Put("proc/self/statm", "5000 1024 300 1 0 400 0\n");
    Put("proc/self/status",
        "VmHWM:\t 8192 kB\nVmRSS:\t 4096 kB\nRssAnon:\t 3000 kB\nRssFile:\t 1096 kB\n"
        "RssShmem:\t 0 kB\nVmSwap:\t 12 kB\n");
    Put("proc/vmstat", "nr_free_pages 1\npswpin 30\npswpout 12\npswpout_other 5000\n");
    Put("proc/self/cgroup", cgroup);
    Put("proc/self/mountinfo", mountinfo);
  }
  const MemoryReadings& Read(Depth depth = Depth::kFull) { return probe().Read(depth); }
  MemoryProbe& probe() {
    if (!probe_) probe_ = std::make_unique<MemoryProbe>(MemoryProbe::Make(root_.path()));
    return *probe_;
  }
  static std::vector<std::string> Uses(const MemoryReadings& readings) {
    std::vector<std::string> texts;
    for (const MemoryUse& use : readings.uses) {
      texts.push_back(
          fmt::format("{} ({}): {} of {}", use.name, use.origin, use.used_bytes, use.limit_bytes));
    }
    return texts;
  }
  // What is read must be what a single look at the limits says.
  void ExpectLimitAgrees(const MemoryReadings& readings) {
    const EffectiveMemoryLimit limit = ReadEffectiveMemoryLimit(root_.path()).ValueOrDie();
    EXPECT_EQ(readings.limit.bytes, limit.bytes);
    EXPECT_EQ(readings.limit.origin, limit.origin);
    EXPECT_EQ(readings.limit.candidates.size(), limit.candidates.size());
  }

  TemporaryDirectory root_;
  std::unique_ptr<MemoryProbe> probe_;
};

constexpr char kRamUse[] = "memory of the machine (RAM): 4294967296 of 17179869184";

TEST_F(MemoryProbeTest, EverythingOfAMachineWithoutCgroups) {
  PutMachine("", "");
  Put("proc/pressure/memory",
      "some avg10=12.50 avg60=0 avg300=0 total=1\nfull avg10=2.00 total=1\n");
  const MemoryReadings& read = Read();
  EXPECT_THAT(Uses(read), ElementsAre(kRamUse));
  EXPECT_EQ(read.closest, 0u);
  EXPECT_EQ(read.closest_cgroup, std::nullopt);
  EXPECT_DOUBLE_EQ(read.uses[0].share, 0.25);
  EXPECT_EQ(read.available_bytes, 12288 * kMiB);
  EXPECT_EQ(read.process.rss_bytes, 1024 * ::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(read.process.rss_anonymous_bytes, 3000 * 1024);
  EXPECT_EQ(read.process.rss_file_bytes, 1096 * 1024);
  EXPECT_EQ(read.process.rss_peak_bytes, 8192 * 1024);
  EXPECT_EQ(read.process.swap_bytes, 12 * 1024);
  EXPECT_EQ(read.swap_pages, 42);
  EXPECT_DOUBLE_EQ(read.stall_some_share, 0.125);
  EXPECT_DOUBLE_EQ(read.stall_full_share, 0.02);
  EXPECT_EQ(read.stall_of, "the machine");
  ExpectLimitAgrees(read);
}

TEST_F(MemoryProbeTest, V1CountsTheHierarchyAndLeavesOutCache) {
  PutMachine("4:memory:/a/b\n", kV1Mount);
  Put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "1000\n");
  Put("sys/fs/cgroup/memory/a/b/memory.stat", V1Stat(1, 100, 50));
  Put("sys/fs/cgroup/memory/a/b/memory.failcnt", "7\n");
  Put("sys/fs/cgroup/memory/a/b/memory.oom_control",
      "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2000\n");
  Put("sys/fs/cgroup/memory/a/memory.stat", V1Stat(1, 1500));
  Put("sys/fs/cgroup/memory/a/memory.failcnt", "3\n");
  Put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Put("sys/fs/cgroup/memory/memory.stat", V1Stat(1, 999999999));
  const MemoryReadings& read = Read();
  EXPECT_THAT(
      Uses(read),
      ElementsAre(kRamUse,
                  "anonymous memory of cgroup v1 /a/b (cgroup v1 /a/b memory.limit_in_bytes): "
                  "150 of 1000",
                  "anonymous memory of cgroup v1 /a (cgroup v1 /a memory.limit_in_bytes): "
                  "1500 of 2000"));
  // The parent is fuller, although the child has the smaller limit.
  EXPECT_EQ(read.closest, 2u);
  EXPECT_EQ(read.closest_cgroup, 2u);
  EXPECT_EQ(read.limit.origin, "cgroup v1 /a/b memory.limit_in_bytes");
  EXPECT_EQ(read.limit_hits, 10);
  EXPECT_EQ(read.oom_kills, 2);
  ExpectLimitAgrees(read);
}

TEST_F(MemoryProbeTest, V1WithoutTotalsTakesTheCgroupsOwn) {
  PutMachine("4:memory:/a\n", kV1Mount);
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000\n");
  Put("sys/fs/cgroup/memory/a/memory.stat", "cache 5\nrss 100\nshmem 20\n");
  EXPECT_EQ(Read().uses[1].used_bytes, 120);
}

TEST_F(MemoryProbeTest, V2NestedTakesTheSmallerOfMaxAndHigh) {
  PutMachine("0::/s/a\n", kV2Mount);
  Put("sys/fs/cgroup/s/a/memory.max", "max\n");
  Put("sys/fs/cgroup/s/a/memory.high", "max\n");
  Put("sys/fs/cgroup/s/a/memory.stat", V2Stat(123));
  Put("sys/fs/cgroup/s/a/memory.pressure", "some avg10=40.00\nfull avg10=30.00\n");
  Put("sys/fs/cgroup/s/a/memory.events", "low 9\nhigh 1\nmax 2\noom 1\noom_kill 0\n");
  Put("sys/fs/cgroup/s/memory.max", "2000\n");
  Put("sys/fs/cgroup/s/memory.high", "1500\n");
  Put("sys/fs/cgroup/s/memory.stat", V2Stat(700, 200, 100));
  Put("sys/fs/cgroup/s/memory.events", "low 0\nhigh 5\nmax 6\noom 1\noom_kill 1\n");
  Put("proc/pressure/memory", "some avg10=1.00\nfull avg10=1.00\n");
  const MemoryReadings& read = Read();
  EXPECT_THAT(
      Uses(read),
      ElementsAre(kRamUse,
                  "anonymous memory of cgroup v2 /s (cgroup v2 /s memory.high): 1000 of 1500"));
  EXPECT_EQ(read.limit.bytes, 1500);
  EXPECT_EQ(read.stall_of, "cgroup v2 /s/a");
  EXPECT_DOUBLE_EQ(read.stall_some_share, 0.4);
  EXPECT_DOUBLE_EQ(read.stall_full_share, 0.3);
  EXPECT_EQ(read.limit_hits, 11);
  EXPECT_EQ(read.oom_kills, 1);
  ExpectLimitAgrees(read);
}

TEST_F(MemoryProbeTest, HybridTakesBoth) {
  PutMachine(
      "4:memory:/a\n0::/b\n",
      std::string(kV1Mount) + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000\n");
  Put("sys/fs/cgroup/memory/a/memory.stat", V1Stat(1, 100));
  Put("sys/fs/cgroup/unified/b/memory.max", "1000\n");
  Put("sys/fs/cgroup/unified/b/memory.stat", V2Stat(300));
  const MemoryReadings& read = Read();
  ASSERT_EQ(read.uses.size(), 3u);
  EXPECT_EQ(read.uses[*read.closest].name, "anonymous memory of cgroup v2 /b");
  ExpectLimitAgrees(read);
}

TEST_F(MemoryProbeTest, ChangedLimitIsSeenByTheNextFullReading) {
  PutMachine("0::/a\n", kV2Mount);
  Put("sys/fs/cgroup/a/memory.max", "1000\n");
  Put("sys/fs/cgroup/a/memory.stat", V2Stat(300));
  EXPECT_DOUBLE_EQ(Read().uses[1].share, 0.3);
  Put("sys/fs/cgroup/a/memory.max", "600\n");
  EXPECT_EQ(Read(Depth::kCheap).limit.bytes, 1000);
  EXPECT_EQ(Read().limit.bytes, 600);
  EXPECT_DOUBLE_EQ(Read().uses[1].share, 0.5);
  Put("sys/fs/cgroup/a/memory.max", "max\n");
  EXPECT_THAT(Uses(Read()), ElementsAre(kRamUse));
  EXPECT_EQ(probe().readings().closest_cgroup, std::nullopt);
}

TEST_F(MemoryProbeTest, CheapReadingsTakeRssAlwaysAndUseNowAndThen) {
  PutMachine("0::/a\n", kV2Mount);
  Put("sys/fs/cgroup/a/memory.max", "1000\n");
  Put("sys/fs/cgroup/a/memory.stat", V2Stat(300));
  Read();
  Put("proc/self/statm", "5000 4096 300 1 0 400 0\n");
  Put("proc/self/status", "VmHWM:\t 1 kB\nRssAnon:\t 1 kB\n");
  Put("sys/fs/cgroup/a/memory.stat", V2Stat(700));
  const int64_t rss_bytes = 4096 * ::sysconf(_SC_PAGESIZE);
  EXPECT_EQ(Read(Depth::kCheap).process.rss_bytes, rss_bytes);
  // A peak that the last full reading could not know of yet.
  EXPECT_EQ(probe().readings().process.rss_peak_bytes, rss_bytes);
  EXPECT_EQ(probe().readings().process.rss_anonymous_bytes, 3000 * 1024);
  for (int i = 0; i < MemoryProbe::kCheapReadingsMax; ++i) Read(Depth::kCheap);
  EXPECT_EQ(probe().readings().uses[1].used_bytes, 700);
  EXPECT_GE(probe().readings().use_readings, 2);
}

TEST_F(MemoryProbeTest, TightMemoryIsLookedAtAtLeastEveryThirdTime) {
  PutMachine("0::/a\n", kV2Mount);
  Put("sys/fs/cgroup/a/memory.max", "1000\n");
  Put("sys/fs/cgroup/a/memory.stat", V2Stat(600));
  int64_t seen = Read().use_readings;
  for (int i = 0; i < 10; ++i) {
    for (int cheap = 0; cheap <= MemoryProbe::kTightReadingsMax; ++cheap) Read(Depth::kCheap);
    EXPECT_GT(probe().readings().use_readings, seen);
    seen = probe().readings().use_readings;
  }
}

TEST_F(MemoryProbeTest, FollowsAProcessThatIsMoved) {
  PutMachine("0::/a\n", kV2Mount);
  Put("sys/fs/cgroup/a/memory.max", "1000\n");
  Put("sys/fs/cgroup/a/memory.stat", V2Stat(300));
  Put("sys/fs/cgroup/b/memory.max", "800\n");
  Put("sys/fs/cgroup/b/memory.stat", V2Stat(400));
  EXPECT_EQ(Read().uses[1].used_bytes, 300);
  Put("proc/self/cgroup", "0::/b\n");
  for (int i = 0; i < MemoryProbe::kFullReadingsPerSearch; ++i) Read();
  EXPECT_EQ(probe().readings().limit.origin, "cgroup v2 /b memory.max");
  EXPECT_EQ(probe().readings().uses[1].used_bytes, 400);
}

TEST_F(MemoryProbeTest, PageCacheIsNoUse) {
  // The machine is filled with cache to the last page, and so is the cgroup.
  PutMachine("4:memory:/a\n", kV1Mount);
  Put("proc/meminfo",
      "MemTotal: 16777216 kB\nMemFree: 100 kB\nMemAvailable: 15099494 kB\nCached: 15000000 kB\n");
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "4294967296\n");
  Put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "4294967296\n");
  Put("sys/fs/cgroup/memory/a/memory.stat", V1Stat(1, 900 * kMiB));
  const MemoryReadings& read = Read();
  EXPECT_LT(read.uses[0].share, 0.11);
  EXPECT_LT(read.uses[1].share, 0.23);
}

TEST_F(MemoryProbeTest, NothingToReadIsNoFailure) {
  const MemoryReadings& read = Read();
  EXPECT_TRUE(read.uses.empty());
  EXPECT_EQ(read.closest, std::nullopt);
  EXPECT_EQ(read.limit.bytes, 0);
  EXPECT_EQ(read.process.rss_bytes, 0);
  EXPECT_EQ(read.stall_of, "");
  Read(Depth::kCheap);
}

TEST_F(MemoryProbeTest, BrokenAndShortFiles) {
  for (const char* text : {"", "\n", "x", "anon", "anon \n", "anon x\n", "MemTotal:", "1", "1 ",
                           "1 \n", " ", "some avg10=", "pswpin\npswpout", "oom_kill\nmax -3\n"}) {
    TemporaryDirectory broken;
    broken.Put("proc/self/cgroup", "0::/a\n");
    broken.Put("proc/self/mountinfo", kV2Mount);
    for (const char* path :
         {"proc/meminfo", "proc/self/statm", "proc/self/status", "proc/vmstat",
          "proc/pressure/memory", "sys/fs/cgroup/a/memory.stat", "sys/fs/cgroup/a/memory.events",
          "sys/fs/cgroup/a/memory.high", "sys/fs/cgroup/a/memory.pressure"}) {
      broken.Put(path, text);
    }
    broken.Put("sys/fs/cgroup/a/memory.max", "1000\n");
    MemoryProbe probe = MemoryProbe::Make(broken.path());
    const MemoryReadings& read = probe.Read(Depth::kFull);
    ASSERT_TRUE(read.closest_cgroup.has_value()) << text;
    EXPECT_EQ(read.uses[*read.closest_cgroup].used_bytes, 0) << text;
    EXPECT_GE(read.swap_pages, 0) << text;
    EXPECT_EQ(read.limit_hits, 0) << text;
    EXPECT_GE(read.process.rss_bytes, 0) << text;
  }
}

TEST_F(MemoryProbeTest, KernelWithoutMemAvailableKnowsNoUseOfTheMachine) {
  PutMachine("", "");
  Put("proc/meminfo", "MemTotal: 16777216 kB\nMemFree: 1 kB\n");
  EXPECT_EQ(Read().limit.bytes, 16384 * kMiB);
  EXPECT_EQ(Read().uses[0].used_bytes, 0);
}

TEST_F(MemoryProbeTest, FilesLargerThanTheBufferAndCgroupsThatVanish) {
  PutMachine("0::/a\n", kV2Mount);
  std::string long_file;
  for (int i = 0; i < 5000; ++i) long_file += fmt::format("nr_something_{} 1\n", i);
  Put("proc/vmstat", long_file + "pswpin 5\npswpout 6\n");
  Put("sys/fs/cgroup/a/memory.max", "1000\n");
  Put("sys/fs/cgroup/a/memory.stat", V2Stat(300));
  EXPECT_EQ(Read().swap_pages, 11);
  std::filesystem::remove_all(root_ / "sys/fs/cgroup/a");
  EXPECT_THAT(Uses(Read()), ElementsAre(kRamUse));
}

TEST(MemoryProbeOfThisMachine, AgreesWithTheSingleLooks) {
  MemoryProbe probe = MemoryProbe::Make();
  const MemoryReadings& read = probe.Read(Depth::kFull);
  const EffectiveMemoryLimit limit = ReadEffectiveMemoryLimit().ValueOrDie();
  EXPECT_EQ(read.limit.bytes, limit.bytes);
  EXPECT_EQ(read.limit.origin, limit.origin);
  const ProcessMemory process = ReadProcessMemory().ValueOrDie();
  EXPECT_LT(std::abs(read.process.rss_bytes - process.rss_bytes), 8 * kMiB);
  EXPECT_GT(read.process.rss_anonymous_bytes, 0);
  ASSERT_TRUE(read.closest.has_value());
  EXPECT_GT(read.uses[0].share, 0);
  EXPECT_LT(read.uses[0].share, 1);
  EXPECT_GT(read.available_bytes, 0);
}

double ThreadMicroseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Ten times what is promised: this machine may be busy and the build may be instrumented.
TEST(MemoryProbeOfThisMachine, CostsLittle) {
  MemoryProbe probe = MemoryProbe::Make();
  probe.Read(Depth::kFull);
  constexpr int kSeconds = 20;
  const double begin = ThreadMicroseconds();
  for (int second = 0; second < kSeconds; ++second) {
    probe.Read(Depth::kFull);
    for (int sample = 1; sample < 10; ++sample) probe.Read(Depth::kCheap);
  }
  const double microseconds = (ThreadMicroseconds() - begin) / kSeconds;
  RecordProperty("microseconds_per_second", static_cast<int>(microseconds));
  EXPECT_LT(microseconds, 10'000);
}

}  // namespace
}  // namespace headrace
