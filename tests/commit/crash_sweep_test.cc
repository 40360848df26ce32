// Every call of a publish interrupted: by faults, by a kill, by a loss of power, and again during
// the recovery.
#include "crash_sweep.h"

#include <cstdio>

#include "sweep_log.h"

namespace headrace {
namespace {

class CrashSweepTest : public ::testing::TestWithParam<SweepScenario> {
 protected:
  void SetUp() override {
    if (kThreadSanitized) GTEST_SKIP() << kNoThreads;
  }
  void Report(const char* what, const CrashSweep& sweep) {
    const SweepCounts& counts = sweep.counts();
    std::printf(
        "%s %s: %lld calls, %lld points, torn %lld, lost after acknowledgement %lld, other %lld\n",
        what, GetParam().name.c_str(), static_cast<long long>(sweep.call_count()),
        static_cast<long long>(counts.points), static_cast<long long>(counts.torn),
        static_cast<long long>(counts.lost_after_acknowledgement),
        static_cast<long long>(counts.other_failures));
    LogCounts(what, GetParam().name, counts);
    EXPECT_EQ(counts.failures(), 0) << sweep.descriptions() << ReplayCommand("*CrashSweepTest*");
    EXPECT_GT(counts.points, 0);
  }
};

TEST_P(CrashSweepTest, EveryFault) {
  CrashSweep sweep(GetParam());
  sweep.SweepFaults();
  Report("faults", sweep);
}

TEST_P(CrashSweepTest, EveryKillAndPowerCut) {
  CrashSweep sweep(GetParam());
  sweep.SweepKills();
  Report("kills and power cuts", sweep);
}

TEST_P(CrashSweepTest, EveryKillDuringRecovery) {
  CrashSweep sweep(GetParam());
  sweep.SweepKillsDuringRecovery();
  Report("kills during recovery", sweep);
}

TEST_P(CrashSweepTest, EveryFaultDuringRecovery) {
  CrashSweep sweep(GetParam());
  sweep.SweepFaultsDuringRecovery();
  Report("faults during recovery", sweep);
}

INSTANTIATE_TEST_SUITE_P(Modes, CrashSweepTest, ::testing::ValuesIn(SweepScenarios()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace headrace
