// The monitor over a synthetic machine whose memory fills and empties, second by second.
#include "memory/memory_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/units.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MonitorCoreTest : public ::testing::Test {
 protected:
  MonitorCoreTest() {
    Put("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 16000000 kB\n");
    Put("proc/self/cgroup", "4:memory:/a\n");
    Put("proc/self/mountinfo",
        "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n");
    Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", std::to_string(4 * kGiB) + "\n");
    Put("proc/vmstat", "pswpin 1000\npswpout 1000\n");
    PutStatus(50, 60, 0);
    PutCgroup(0.1, 0);
  }

  void Put(const std::string& path, const std::string& text) { root_.Put(path, text); }
  void PutStatus(int64_t rss_mib, int64_t peak_mib, int64_t swap_mib) {
    Put("proc/self/statm", fmt::format("1 {} 1\n", rss_mib * kMiB / ::sysconf(_SC_PAGESIZE)));
    Put("proc/self/status", fmt::format("VmHWM:\t{} kB\nRssAnon:\t{} kB\nVmSwap:\t{} kB\n",
                                        peak_mib * 1024, (rss_mib - 10) * 1024, swap_mib * 1024));
  }
  void PutCgroup(double share, int64_t cache_bytes) {
    const auto bytes = static_cast<int64_t>(std::ceil(share * static_cast<double>(4 * kGiB)));
    Put("sys/fs/cgroup/memory/a/memory.stat",
        fmt::format("rss 1\ntotal_cache {}\ntotal_rss {}\n", cache_bytes, bytes));
  }
  // Samples ten times a second for so long.
  void Run(MonitorCore* monitor, double for_seconds) {
    const int64_t samples = std::llround(for_seconds * 10);
    for (int64_t i = 0; i < samples; ++i) {
      AccountReading account;
      account.seconds = static_cast<double>(samples_++) / 10;
      account.expected_rss_bytes = 40 * kMiB;
      account.accounted_bytes = 20 * kMiB;
      account.budget_bytes = 256 * kMiB;
      account.spilled_bytes = 7;
      monitor->Sample(account);
    }
  }
  MonitorOptions Options() {
    MonitorOptions options;
    options.root = root_.path();
    return options;
  }

  TemporaryDirectory root_;
  int64_t samples_ = 0;
};

TEST_F(MonitorCoreTest, ReportOfACalmRun) {
  MonitorCore monitor(Options());
  Run(&monitor, 3);
  PutStatus(50, 90, 3);
  MemoryReport report;
  monitor.FillReport(&report);
  EXPECT_EQ(report.rss_peak_bytes, 90 * kMiB);  // of the moment of the report
  EXPECT_EQ(report.swap_peak_bytes, 3 * kMiB);
  EXPECT_EQ(report.cgroup_peak_bytes, 4 * kGiB / 10 + 1);
  EXPECT_EQ(report.limit_bytes, 4 * kGiB);
  EXPECT_EQ(report.limit_origin, "cgroup v1 /a memory.limit_in_bytes");
  EXPECT_NEAR(report.pressure_seconds.normal, 2.9, 1e-9);
  EXPECT_EQ(report.drift.max_bytes, 10 * kMiB);
  EXPECT_EQ(report.drift.p50_bytes, 10 * kMiB);
  EXPECT_TRUE(report.pressure_events.empty());
  ASSERT_EQ(report.samples.size(), 30u);
  const MemorySample& last = report.samples.back();
  EXPECT_DOUBLE_EQ(last.seconds, 2.9);
  EXPECT_EQ(last.accounted_bytes, 20 * kMiB);
  EXPECT_EQ(last.rss_bytes, 50 * kMiB);
  EXPECT_EQ(last.budget_bytes, 256 * kMiB);
  EXPECT_EQ(last.spilled_bytes, 7);
  EXPECT_NEAR(last.used_share, 0.1, 1e-6);
  EXPECT_EQ(last.pressure, "normal");
}

TEST_F(MonitorCoreTest, RampIsOneEventPerLevelWithItsCause) {
  MonitorCore monitor(Options());
  Run(&monitor, 2);
  for (const double share : {0.8, 0.9, 0.97, 0.9, 0.8, 0.1}) {
    PutCgroup(share, 0);
    Run(&monitor, 4);
  }
  MemoryReport report;
  monitor.FillReport(&report);
  std::vector<std::string> changes;
  for (const PressureEvent& event : report.pressure_events) {
    changes.push_back(event.from + ">" + event.to);
  }
  EXPECT_THAT(changes, ElementsAre("normal>elevated", "elevated>high", "high>critical",
                                   "critical>high", "high>elevated", "elevated>normal"));
  EXPECT_THAT(report.pressure_events[0].cause,
              HasSubstr("anonymous memory of cgroup v1 /a: 3.20 GiB of 4.00 GiB (80 %)"));
  EXPECT_GT(report.pressure_seconds.critical, 2.0);
  EXPECT_GT(report.pressure_seconds.elevated, 4.0);
  EXPECT_NEAR(static_cast<double>(report.cgroup_peak_bytes), 0.97 * 4 * kGiB, 2);
  EXPECT_THAT(monitor.cause(), HasSubstr("eased"));
}

TEST_F(MonitorCoreTest, PageCacheOfTensOfGigabytesStaysNormal) {
  MonitorCore monitor(Options());
  for (int64_t cache = 0; cache < 40 * kGiB; cache += kGiB) {
    PutCgroup(0.24, std::min(cache, 3 * kGiB));
    Put("proc/meminfo", fmt::format("MemTotal: 16777216 kB\nMemFree: 100 kB\nCached: {} kB\n"
                                    "MemAvailable: 14000000 kB\n",
                                    std::min(cache / 1024, int64_t{15000000})));
    Put("proc/pressure/memory", "some avg10=70.00\nfull avg10=50.00\n");
    Run(&monitor, 1);
    ASSERT_EQ(monitor.level(), PressureLevel::kNormal);
  }
}

TEST_F(MonitorCoreTest, LoweredLimitRaisesTheLevel) {
  MonitorCore monitor(Options());
  PutCgroup(0.5, 0);
  Run(&monitor, 2);
  EXPECT_EQ(monitor.level(), PressureLevel::kNormal);
  Put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", std::to_string(5 * kGiB / 2) + "\n");
  Run(&monitor, 2);
  EXPECT_EQ(monitor.level(), PressureLevel::kElevated);
  MemoryReport report;
  monitor.FillReport(&report);
  EXPECT_EQ(report.limit_bytes, 4 * kGiB);  // at the start
  RunSnapshot snapshot;
  monitor.FillSnapshot(&snapshot);
  EXPECT_EQ(snapshot.limit_bytes, 5 * kGiB / 2);  // now
}

TEST_F(MonitorCoreTest, OneLookAtTheUseIsOneReadingHoweverOftenItIsSampled) {
  MonitorCore monitor(Options());
  Run(&monitor, 1);
  PutCgroup(0.9, 0);
  const int64_t before = monitor.readings().use_readings;
  while (monitor.readings().use_readings == before) Run(&monitor, 0.1);
  EXPECT_EQ(monitor.level(), PressureLevel::kNormal);
  PutCgroup(0.1, 0);
  Run(&monitor, 4);
  EXPECT_EQ(monitor.cause(), "") << "an odd reading that nothing confirmed raised the level";
}

TEST_F(MonitorCoreTest, SwappingIsARatePerSecond) {
  MonitorCore monitor(Options());
  PutCgroup(0.6, 0);
  Run(&monitor, 2);
  EXPECT_DOUBLE_EQ(monitor.last_sample().swap_pages_per_second,
                   0);  // not since the machine's start
  for (int second = 1; second <= 3; ++second) {
    Put("proc/vmstat", fmt::format("pswpin {}\npswpout {}\n", 1000 + 300 * second, 1000));
    Run(&monitor, 1);
  }
  EXPECT_NEAR(monitor.last_sample().swap_pages_per_second, 300, 1);
  EXPECT_EQ(monitor.level(), PressureLevel::kElevated);
  EXPECT_THAT(monitor.cause(), HasSubstr("300 pages swapped per second"));
}

TEST_F(MonitorCoreTest, SnapshotSaysWhatTheLastSampleKnows) {
  Put("proc/pressure/memory", "some avg10=3.00\nfull avg10=1.00\n");
  MonitorCore monitor(Options());
  PutCgroup(0.8, 0);
  Run(&monitor, 1);
  RunSnapshot snapshot;
  monitor.FillSnapshot(&snapshot);
  EXPECT_EQ(snapshot.rss_bytes, 50 * kMiB);
  EXPECT_EQ(snapshot.rss_anonymous_bytes, 40 * kMiB);
  EXPECT_EQ(snapshot.rss_peak_bytes, 60 * kMiB);
  EXPECT_EQ(snapshot.used_of, "anonymous memory of cgroup v1 /a");
  EXPECT_NEAR(snapshot.used_share, 0.8, 1e-6);
  EXPECT_DOUBLE_EQ(snapshot.stall_some_share, 0.03);
  EXPECT_DOUBLE_EQ(snapshot.stall_full_share, 0.01);
  EXPECT_EQ(snapshot.pressure, "elevated");
}

TEST_F(MonitorCoreTest, ThresholdIsOfTheNewestMonitorThatSampled) {
  PutCgroup(0.9, 0);
  MonitorOptions options = Options();
  options.thresholds = {500, 200, 100};
  {
    MonitorCore first(options);
    Run(&first, 2);
    EXPECT_EQ(CurrentStreamingThreshold(), 100);
    options.thresholds = {50, 20, 10};
    {
      MonitorCore second(options);
      EXPECT_EQ(CurrentStreamingThreshold(), 100) << "the second has not looked yet";
      Run(&second, 0.1);
      EXPECT_EQ(CurrentStreamingThreshold(), 50) << "one sample raises nothing";
      Run(&second, 2);
      EXPECT_EQ(CurrentStreamingThreshold(), 10);
    }
    EXPECT_EQ(CurrentStreamingThreshold(), 100);
  }
  const int64_t fresh = CurrentStreamingThreshold();  // of the real machine
  EXPECT_THAT((std::vector<int64_t>{5'000'000, 2'000'000, 1'000'000}), testing::Contains(fresh));
}

TEST_F(MonitorCoreTest, MachineThatTellsNothing) {
  MonitorOptions options;
  options.root = root_ / "nothing";
  MonitorCore monitor(options);
  Run(&monitor, 3);
  MemoryReport report;
  monitor.FillReport(&report);
  EXPECT_EQ(report.limit_bytes, 0);
  EXPECT_EQ(monitor.level(), PressureLevel::kNormal);
}

MonitorSample SampleAt(double seconds) {
  MonitorSample sample;
  sample.account.seconds = seconds;
  return sample;
}

TEST(MemoryHistory, KeepsTheWholeRunAtDecreasingResolution) {
  for (const int64_t looks : {1, 511, 512, 513, 1025, 100'000}) {
    MemoryHistory history;
    for (int64_t i = 0; i < looks; ++i) history.Add(SampleAt(static_cast<double>(i)), i);
    const std::vector<MemorySample>& samples = history.samples();
    ASSERT_LE(samples.size(), MemoryHistory::kSamplesMax) << looks;
    EXPECT_GE(samples.size(), std::min<size_t>(looks, MemoryHistory::kSamplesMax / 2)) << looks;
    EXPECT_EQ(samples.front().seconds, 0) << looks;
    if (samples.size() < 2) continue;
    const double step = samples[1].seconds;
    for (size_t at = 1; at < samples.size(); ++at) {
      ASSERT_EQ(samples[at].seconds - samples[at - 1].seconds, step) << looks << " " << at;
      ASSERT_EQ(static_cast<double>(samples[at].rss_bytes), samples[at].seconds);
    }
    EXPECT_LT(static_cast<double>(looks) - samples.back().seconds, step + 1) << looks;
  }
}

TEST(DriftHistogram, PercentilesAreThoseOfTheSamplesToAStep) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (const int64_t spread : {kMiB, 100 * kMiB, 700 * kMiB}) {
    DriftHistogram histogram;
    std::vector<int64_t> drifts(1 + random() % 3000);
    for (int64_t& drift : drifts) {
      drift = static_cast<int64_t>(random() % static_cast<uint32_t>(spread)) - 20 * kMiB;
      histogram.Add(drift);
    }
    std::sort(drifts.begin(), drifts.end());
    const MemoryDrift summary = histogram.Summary();
    EXPECT_EQ(summary.max_bytes, drifts.back());
    for (const auto& [share, found] :
         {std::pair{0.5, summary.p50_bytes}, std::pair{0.99, summary.p99_bytes}}) {
      const double rank = std::ceil(share * static_cast<double>(drifts.size()));
      const int64_t exact = drifts[static_cast<size_t>(rank) - 1];
      EXPECT_GE(found, exact);
      EXPECT_LT(found - exact, DriftHistogram::kStepBytes);
    }
  }
}

TEST(DriftHistogram, EdgesAndNothing) {
  EXPECT_EQ(DriftHistogram().Summary().max_bytes, 0);
  DriftHistogram far;
  far.Add(-8 * kGiB);
  EXPECT_EQ(far.Summary().max_bytes, -8 * kGiB);
  far.Add(20 * kGiB);
  EXPECT_EQ(far.Summary().p50_bytes, DriftHistogram::kLowestBytes);
  EXPECT_EQ(far.Summary().p99_bytes, 20 * kGiB);
  DriftHistogram exact;
  exact.Add(DriftHistogram::kHighestBytes);
  exact.Add(DriftHistogram::kHighestBytes + 1);
  EXPECT_EQ(exact.Summary().p50_bytes, DriftHistogram::kHighestBytes);
  EXPECT_EQ(exact.Summary().p99_bytes, DriftHistogram::kHighestBytes + 1);
}

}  // namespace
}  // namespace headrace
