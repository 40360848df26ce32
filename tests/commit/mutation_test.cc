// The control of the crash sweep: with any sync or rename left out, of a publish or of a recovery,
// the sweep must fail.
#include <cstdio>

#include "crash_sweep.h"

namespace headrace {
namespace {

constexpr EnvCall kMutatedCalls[] = {EnvCall::kSync, EnvCall::kSyncDirectory, EnvCall::kRename,
                                     EnvCall::kHardLink};

struct MutationCounts {
  int64_t mutants = 0;
  int64_t caught = 0;
};

// Where the ledger is durable from an earlier run, making its entry durable again changes nothing.
// A recovery cannot know that: the scenarios that create the ledger are the ones that need the
// call, and there the mutant is caught.
// Likewise the removal of old/, which exists only where names cannot be exchanged.
bool IsEquivalent(const SweepScenario& scenario, const std::string& recovery_call) {
  if (recovery_call == "SyncDirectory /data/.out.headrace") return scenario.old_tree.has_value();
  return recovery_call == "SyncDirectory /data/.out.headrace/txn-run-2" &&
         scenario.features.exchange;
}

void Judge(const CrashSweep& sweep, const std::string& mutant, MutationCounts* counts) {
  const bool caught = sweep.counts().failures() > 0;
  ++counts->mutants;
  counts->caught += caught ? 1 : 0;
  std::printf("  %s %s\n", caught ? "caught  " : "SURVIVED", mutant.c_str());
  EXPECT_TRUE(caught) << mutant << "\n" << ReplayCommand("*MutationTest*");
}

class MutationTest : public ::testing::TestWithParam<SweepScenario> {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "SKIPPED: mutants are judged by builds without sanitizers";
  }
};

TEST_P(MutationTest, EveryCallOfAPublishIsNeeded) {
  MutationCounts counts;
  const CrashSweep undisturbed(GetParam());
  for (const EnvCall call : kMutatedCalls) {
    int64_t ordinal = 0;
    for (const std::string& line : undisturbed.trace()) {
      if (!line.starts_with(fmt::format("{} ", EnvCallName(call)))) continue;
      CrashSweep sweep(GetParam());
      sweep.set_publish_mutant(call, ordinal++);
      sweep.set_stop_at_first_failure();
      sweep.set_power_cut_seeds(120);
      sweep.SweepKills();
      Judge(sweep, fmt::format("{}: without {}", GetParam().name, line), &counts);
    }
  }
  std::printf("%s: %lld of %lld mutants of the publish caught\n", GetParam().name.c_str(),
              static_cast<long long>(counts.caught), static_cast<long long>(counts.mutants));
  EXPECT_GT(counts.mutants, 0);
}

TEST_P(MutationTest, EveryCallOfARecoveryIsNeeded) {
  MutationCounts counts;
  const CrashSweep undisturbed(GetParam());
  for (const std::string& line : undisturbed.RecoveryCalls()) {
    const size_t space = line.find(' ');
    if (IsEquivalent(GetParam(), line)) continue;
    for (const EnvCall call : kMutatedCalls) {
      if (line.substr(0, space) != EnvCallName(call)) continue;
      CrashSweep sweep(GetParam());
      sweep.set_recovery_mutant(call, line.substr(space + 1));
      sweep.set_stop_at_first_failure();
      sweep.SweepKillsDuringRecovery();
      Judge(sweep, fmt::format("{}: recovery without {}", GetParam().name, line), &counts);
    }
  }
  std::printf("%s: %lld of %lld mutants of the recovery caught\n", GetParam().name.c_str(),
              static_cast<long long>(counts.caught), static_cast<long long>(counts.mutants));
}

INSTANTIATE_TEST_SUITE_P(Modes, MutationTest, ::testing::ValuesIn(SweepScenarios()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace headrace
