// The control of the crash sweep: with any sync, rename or link of a publish or of a recovery left
// out, or made too late, the sweep must fail.
#include <cstdio>

#include "crash_sweep.h"
#include "sweep_log.h"

namespace headrace {
namespace {

constexpr EnvCall kMutatedCalls[] = {EnvCall::kSync, EnvCall::kSyncDirectory,
                                     EnvCall::kSyncFileSystem, EnvCall::kRename,
                                     EnvCall::kHardLink};
constexpr char kPublishing[] = " -> /data/out";

struct NamedMutant {
  std::string part;  // "publish" or "recovery"
  std::string what;  // "left out" or "too late"
  std::string line;  // of the trace
  Mutant mutant;
  // Where the mistake can be seen if it is one of order: at the call after the one it waits for.
  std::optional<int64_t> seen_at = std::nullopt;
};

std::optional<EnvCall> MutatedCall(const std::string& line) {
  for (const EnvCall call : kMutatedCalls) {
    if (line.starts_with(fmt::format("{} ", EnvCallName(call)))) return call;
  }
  return std::nullopt;
}

// Where the ledger is durable from an earlier run, making its entry durable again changes nothing.
// A recovery cannot know that: the scenarios that create the ledger are the ones that need the
// call, and there the mutant is caught.
// Likewise what leaves the transaction's directory before its journal: old/, which exists only
// where names cannot be exchanged, and a generation that is retained.
// And where nothing else lies in quarantine, its directory goes with the file.
bool IsEquivalent(const SweepScenario& scenario, const std::string& recovery_call) {
  if (recovery_call == "SyncDirectory /data/.out.headrace/quarantine") {
    return scenario.kind == TargetKind::kSingleFile;
  }
  if (recovery_call == "SyncDirectory /data/.out.headrace") return scenario.old_tree.has_value();
  return recovery_call == "SyncDirectory /data/.out.headrace/txn-run-2" &&
         scenario.features.exchange && scenario.retained_with_new.empty();
}

// Too late is: for what must be durable or in its place before the target changes, after that; for
// the change itself, after the fsync that is to make it durable; for that fsync, after something
// was removed; for the ledger, after the journal was, from which it could be written again. A link
// has to be there before all of them, and being left out says as much.
void MakeLate(const std::string& line, bool is_before_change, Mutant* mutant) {
  if (line.ends_with(kPublishing)) {
    mutant->late_after = {EnvCall::kSyncDirectory};
  } else if (is_before_change) {
    mutant->late_after = {EnvCall::kRename, EnvCall::kHardLink};
    mutant->late_after_path = kPublishing;
  } else {
    mutant->late_after = {EnvCall::kRemoveFile, EnvCall::kRemoveDirectory};
    if (line.find(".headrace") != std::string::npos) mutant->late_after_path = "/journal";
  }
}

// The barrier is tried first in vain where the file system cannot do it: the last one counts.
std::optional<int64_t> SeenAt(const std::vector<std::string>& trace, size_t from,
                              const Mutant& mutant) {
  const bool is_change = !mutant.late_after_path.empty() && mutant.late_after_path != "/journal";
  std::optional<int64_t> seen_at;
  for (size_t i = from + 1; i < trace.size() && (is_change || !seen_at); ++i) {
    for (const EnvCall call : mutant.late_after) {
      if (!trace[i].starts_with(fmt::format("{} ", EnvCallName(call)))) continue;
      if (trace[i].ends_with(mutant.late_after_path)) seen_at = static_cast<int64_t>(i) + 1;
    }
  }
  return seen_at;
}

std::vector<NamedMutant> PublishMutants(const SweepScenario& scenario) {
  const CrashSweep undisturbed(scenario);
  const std::vector<std::string>& trace = undisturbed.trace();
  size_t change = trace.size();
  size_t synced_as_one = 0;  // the other syncs of what precedes the change add nothing to it
  for (size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].ends_with(kPublishing)) change = i;
    if (trace[i].starts_with(EnvCallName(EnvCall::kSyncFileSystem))) synced_as_one = i;
  }
  std::vector<NamedMutant> mutants;
  std::map<EnvCall, int64_t> ordinals;
  for (size_t i = 0; i < trace.size(); ++i) {
    const std::optional<EnvCall> call = MutatedCall(trace[i]);
    if (!call) continue;
    Mutant mutant = {*call, ordinals[*call]++};
    const bool adds_nothing = synced_as_one > 0 && i != synced_as_one && i < change;
    if (adds_nothing && trace[i].starts_with("Sync")) continue;
    mutants.push_back({"publish", "left out", trace[i], mutant});
    if (call == EnvCall::kHardLink) continue;
    MakeLate(trace[i], i < change, &mutant);
    mutants.push_back({"publish", "too late", trace[i], mutant, SeenAt(trace, i, mutant)});
  }
  return mutants;
}

std::vector<NamedMutant> RecoveryMutants(const SweepScenario& scenario) {
  std::vector<NamedMutant> mutants;
  for (const std::string& line : CrashSweep(scenario).RecoveryCalls()) {
    const std::optional<EnvCall> call = MutatedCall(line);
    if (!call || IsEquivalent(scenario, line)) continue;
    const Mutant mutant = {*call, 0, line.substr(line.find(' ') + 1)};
    mutants.push_back({"recovery", "left out", line, mutant});
  }
  return mutants;
}

void Log(const char* caught, const std::string& scenario, const NamedMutant& mutant) {
  LogSweep(
      fmt::format("{{\"mutant\": \"{}\", \"part\": \"{}\", \"what\": \"{}\", \"scenario\": "
                  "\"{}\", \"caught\": {}}}",
                  mutant.line, mutant.part, mutant.what, scenario, caught));
}

void SweepMutants(const SweepScenario& scenario, const std::vector<NamedMutant>& mutants) {
  int64_t caught_count = 0;
  for (const NamedMutant& named : mutants) {
    CrashSweep sweep(scenario);
    sweep.set_stop_at_first_failure();
    if (named.part == "publish") {
      sweep.set_publish_mutant(named.mutant);
      sweep.set_power_cut_seeds(120);
      if (named.seen_at) sweep.set_first_kill_point(*named.seen_at);
      sweep.SweepKills();
    } else {
      sweep.set_recovery_mutant(named.mutant);
      sweep.SweepKillsDuringRecovery();
    }
    const bool caught = sweep.counts().failures() > 0;
    caught_count += caught ? 1 : 0;
    const std::string text =
        fmt::format("{}: {} with {} {}", scenario.name, named.part, named.line, named.what);
    std::printf("  %s %s\n", caught ? "caught  " : "SURVIVED", text.c_str());
    Log(caught ? "true" : "false", scenario.name, named);
    EXPECT_TRUE(caught) << text << "\n" << ReplayCommand("*MutationTest*");
  }
  std::printf("%s: %lld of %zu mutants caught\n", scenario.name.c_str(),
              static_cast<long long>(caught_count), mutants.size());
}

class MutationTest : public ::testing::TestWithParam<SweepScenario> {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "SKIPPED: mutants are judged by builds without sanitizers";
  }
};

TEST_P(MutationTest, EveryCallOfAPublishIsNeeded) {
  const std::vector<NamedMutant> mutants = PublishMutants(GetParam());
  EXPECT_FALSE(mutants.empty());
  SweepMutants(GetParam(), mutants);
}

TEST_P(MutationTest, EveryCallOfARecoveryIsNeeded) {
  SweepMutants(GetParam(), RecoveryMutants(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Modes, MutationTest, ::testing::ValuesIn(SweepScenarios()),
                         [](const auto& info) { return info.param.name; });

// The list itself, from which the page on how publishing is tested is checked
// (tests/system/test_crash.py).
TEST(MutationListTest, EveryScenarioHasMutants) {
  for (const SweepScenario& scenario : SweepScenarios()) {
    std::vector<NamedMutant> mutants = PublishMutants(scenario);
    EXPECT_GE(mutants.size(), 4) << scenario.name;
    for (NamedMutant& mutant : RecoveryMutants(scenario)) mutants.push_back(std::move(mutant));
    for (const NamedMutant& mutant : mutants) Log("null", scenario.name, mutant);
  }
}

}  // namespace
}  // namespace headrace
