// The crash sweep: one publish, interrupted at every call in every way the model knows, and what
// must hold afterwards.
//
// After every interruption, at once: the target is exactly the old or exactly the new dataset; it
// is the new one when Publish returned OK, the old one when it failed with anything but
// CommitUnknown. After recovery by a new process: the same; the ledger names the run if and only if
// the target is new; nothing is left over; and a job run again ends at the new dataset.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "commit/ledger.h"
#include "support/fault_env.h"
#include "tree_reading.h"

namespace headrace {

struct SweepScenario {
  std::string name;
  TargetKind kind = TargetKind::kDataset;
  PublishMode mode = PublishMode::kCreate;
  std::optional<Tree> old_tree;  // nullopt: no target
  Tree staged;
  Tree new_tree;
  FileSystemFeatures features;
};

inline void PrintTo(const SweepScenario& scenario, std::ostream* out) { *out << scenario.name; }

inline std::vector<SweepScenario> SweepScenarios() {
  const Tree old_tree = {{"y=1/a.parquet", "old one"}, {"y=2/a.parquet", "old two"}};
  const Tree staged = {{"y=2/b.parquet", "new two"}, {"y=3/b.parquet", "new three"}};
  Tree both = old_tree;
  both.insert(staged.begin(), staged.end());
  Tree partly = staged;
  partly["y=1/a.parquet"] = "old one";
  const FileSystemFeatures poor = {.exchange = false, .no_replace = false, .hard_links = false};
  constexpr TargetKind kDataset = TargetKind::kDataset;
  constexpr TargetKind kFile = TargetKind::kSingleFile;
  return {
      {"create", kDataset, PublishMode::kCreate, std::nullopt, staged, staged, {}},
      {"append", kDataset, PublishMode::kAppend, old_tree, staged, both, {}},
      {"append_to_nothing", kDataset, PublishMode::kAppend, std::nullopt, staged, staged, {}},
      {"overwrite", kDataset, PublishMode::kOverwrite, old_tree, staged, staged, {}},
      {"overwrite_partitions",
       kDataset,
       PublishMode::kOverwritePartitions,
       old_tree,
       staged,
       partly,
       {}},
      {"create_poor", kDataset, PublishMode::kCreate, std::nullopt, staged, staged, poor},
      {"append_poor", kDataset, PublishMode::kAppend, old_tree, staged, both, poor},
      {"file_create", kFile, PublishMode::kCreate, std::nullopt, {{"", "new"}}, {{"", "new"}}, {}},
      {"file_overwrite",
       kFile,
       PublishMode::kOverwrite,
       Tree{{"", "old"}},
       {{"", "new"}},
       {{"", "new"}},
       {}},
      {"file_create_poor",
       kFile,
       PublishMode::kCreate,
       std::nullopt,
       {{"", "new"}},
       {{"", "new"}},
       poor},
  };
}

struct SweepCounts {
  int64_t points = 0;  // interrupted histories
  int64_t torn = 0;
  int64_t lost_after_acknowledgement = 0;
  int64_t other_failures = 0;
  int64_t failures() const { return torn + lost_after_acknowledgement + other_failures; }
};

// Role: runs the sweep of one scenario. With a mutant set, the publish (or the recovery) leaves a
// call out, and the sweep is expected to notice. Threads: one. Failures are counted and the first
// few described.
class CrashSweep {
 public:
  explicit CrashSweep(SweepScenario scenario) : scenario_(std::move(scenario)) {
    if (const char* seed = std::getenv("HEADRACE_SEED")) seed_ = std::strtoull(seed, nullptr, 10);
    Setup();
  }

  void set_publish_mutant(EnvCall call, int64_t ordinal) { publish_mutant_ = {call, ordinal}; }
  void set_recovery_mutant(EnvCall call, std::string path) { recovery_mutant_ = {call, path}; }
  void set_stop_at_first_failure() { stop_at_first_failure_ = true; }
  // How many different losses of power follow every kill.
  void set_power_cut_seeds(int count) { power_cut_seeds_ = count; }

  // Calls that an undisturbed publish makes, and how many of one kind.
  int64_t call_count() const { return call_count_; }
  int64_t call_count(EnvCall call) const { return counts_[static_cast<size_t>(call)]; }
  const std::vector<std::string>& trace() const { return trace_; }

  void SweepFaults() {
    for (const Fault fault :
         {Fault::kFailOnce, Fault::kFailAfterEffect, Fault::kFailFromHere, Fault::kNoSpace}) {
      for (int64_t call = 0; call < call_count_ && !Stopped(); ++call) {
        Interrupt(call, fault, kFaultSeeds);
      }
    }
  }
  // Also with call == call_count(): killed just after the acknowledgement.
  void SweepKills() {
    CheckUndisturbed();
    for (const int64_t call : KillPoints()) {
      if (Stopped()) return;
      Interrupt(call, Fault::kKill, power_cut_seeds_);
    }
  }
  // The recovery after a kill is itself killed, or loses power, at every call of its own.
  void SweepKillsDuringRecovery() {
    for (const int64_t call : KillPoints()) {
      if (Stopped()) return;
      ModelFileSystem model = start_;
      const Status outcome = RunJob(&model, {call, Fault::kKill});
      for (int64_t inner = 0; !Stopped(); ++inner) {
        if (!InterruptRecovery(model, outcome, call, inner)) break;
      }
    }
  }

  // The distinct calls ("SyncDirectory /data") that recoveries make, over all points of being
  // killed.
  std::vector<std::string> RecoveryCalls() const {
    std::set<std::string> calls;
    for (int64_t call = 0; call <= call_count_; ++call) {
      ModelFileSystem model = start_;
      FaultEnv publisher(&model, scenario_.features);
      publisher.SetPlan({call, Fault::kKill});
      [[maybe_unused]] const auto outcome =
          PublishTree(&publisher, Options(kRunId), scenario_.staged);
      FaultEnv env(&model, scenario_.features);
      [[maybe_unused]] const auto recovered = Recover(&env, kTarget);
      calls.insert(env.trace().begin(), env.trace().end());
    }
    return {calls.begin(), calls.end()};
  }

  const SweepCounts& counts() const { return result_; }
  const std::string& descriptions() const { return descriptions_; }

 private:
  static constexpr int kFaultSeeds = 4;
  static constexpr int kRecoverySeeds = 6;
  static constexpr int kDescriptionsMax = 5;
  static constexpr char kTarget[] = "/data/out";
  static constexpr char kRunId[] = "run-2";

  struct PublishMutant {
    EnvCall call;
    int64_t ordinal;
  };
  // By path: what a recovery does, and so its ordinals, depends on where the run was killed.
  struct RecoveryMutant {
    EnvCall call;
    std::string path;
  };
  enum class View : uint8_t { kOld, kNew, kTorn };

  bool Stopped() const { return stop_at_first_failure_ && result_.failures() > 0; }

  TransactionOptions Options(const std::string& run_id) const {
    TransactionOptions options;
    options.target = kTarget;
    options.kind = scenario_.kind;
    options.mode = scenario_.mode;
    options.run_id = run_id;
    return options;
  }

  void Setup() {
    start_.CreateDirectory("/data");
    start_.SyncEverything();
    if (scenario_.old_tree) {
      FaultEnv env(&start_);
      TransactionOptions options = Options("run-1");
      options.mode = PublishMode::kCreate;
      const Status status = PublishTree(&env, options, *scenario_.old_tree).status();
      if (!status.ok()) ADD_FAILURE() << status.ToString();
      start_.SyncEverything();
    }
    ModelFileSystem model = start_;
    FaultEnv env(&model, scenario_.features);
    const Status status = PublishTree(&env, Options(kRunId), scenario_.staged).status();
    if (!status.ok()) ADD_FAILURE() << status.ToString();
    call_count_ = env.call_count();
    trace_ = env.trace();
    for (int i = 0; i < kEnvCallCount; ++i) {
      counts_[static_cast<size_t>(i)] = env.call_count(static_cast<EnvCall>(i));
    }
  }

  Status RunJob(ModelFileSystem* model, FaultPlan plan) {
    if (publish_mutant_) {
      plan.dropped_call = publish_mutant_->call;
      plan.dropped_ordinal = publish_mutant_->ordinal;
    }
    FaultEnv env(model, scenario_.features);
    env.SetPlan(plan);
    return PublishTree(&env, Options(kRunId), scenario_.staged).status();
  }

  View Look(ModelFileSystem* model, bool absent_allowed) {
    FaultEnv env(model);
    const bool exists = model->Lookup(kTarget).has_value();
    const Tree tree = ReadTree(&env, kTarget).ValueOrDie();
    if (exists && tree == scenario_.new_tree) return View::kNew;
    if (!exists && (!scenario_.old_tree || absent_allowed)) return View::kOld;
    if (exists && scenario_.old_tree && tree == *scenario_.old_tree) return View::kOld;
    return View::kTorn;
  }

  // Every call, the end first and then in wide steps: what a mutant breaks shows soon.
  std::vector<int64_t> KillPoints() const {
    constexpr int64_t kStep = 8;
    std::vector<int64_t> points;
    for (int64_t offset = 0; offset < kStep; ++offset) {
      for (int64_t call = call_count_ - offset; call >= 0; call -= kStep) points.push_back(call);
    }
    return points;
  }

  void CheckUndisturbed() {
    ModelFileSystem model = start_;
    const Status outcome = RunJob(&model, {});
    ++result_.points;
    const std::string where = scenario_.name + " undisturbed";
    if (!outcome.ok()) return Fail(&result_.other_failures, where, outcome.ToString());
    CheckRecovers(&model, outcome, where);
  }

  void Interrupt(int64_t call, Fault fault, int seeds) {
    ModelFileSystem model = start_;
    const Status outcome = RunJob(&model, {call, fault});
    const std::string where = fmt::format("{} fault {} at call {} ({})", scenario_.name,
                                          static_cast<int>(fault), call, CallText(call));
    ++result_.points;
    CheckVisible(&model, outcome, fault, where);
    ModelFileSystem survivor = model;
    CheckRecovers(&survivor, outcome, where + ", all kept");
    for (int i = 0; i < seeds && !Stopped(); ++i) {
      ModelFileSystem after = model;
      const uint64_t seed = seed_ + static_cast<uint64_t>(call) * 1000 + static_cast<uint64_t>(i);
      std::mt19937_64 random(seed);
      after.PowerCut(&random);
      ++result_.points;
      CheckRecovers(&after, outcome, fmt::format("{}, power cut with seed {}", where, seed));
    }
  }

  // False when recovery made fewer calls than `inner`: there is nothing more to interrupt.
  bool InterruptRecovery(const ModelFileSystem& crashed, const Status& outcome, int64_t call,
                         int64_t inner) {
    ModelFileSystem model = crashed;
    FaultPlan plan = {inner, Fault::kKill};
    if (recovery_mutant_) {
      plan.dropped_call = recovery_mutant_->call;
      plan.dropped_path = recovery_mutant_->path;
    }
    bool interrupted = false;
    {
      FaultEnv env(&model, scenario_.features);
      env.SetPlan(plan);
      [[maybe_unused]] const auto recovered = Recover(&env, kTarget);
      interrupted = env.call_count() > inner;
    }
    const std::string where = fmt::format("{} killed at call {} ({}), recovery at call {}",
                                          scenario_.name, call, CallText(call), inner);
    ++result_.points;
    ModelFileSystem survivor = model;
    CheckRecovers(&survivor, outcome, where);
    for (int i = 0; i < kRecoverySeeds && !Stopped(); ++i) {
      ModelFileSystem after = model;
      const uint64_t seed = seed_ + static_cast<uint64_t>(call * 100000 + inner * 100 + i);
      std::mt19937_64 random(seed);
      after.PowerCut(&random);
      ++result_.points;
      CheckRecovers(&after, outcome, fmt::format("{}, power cut with seed {}", where, seed));
    }
    return interrupted;
  }

  // What readers see the moment the process is gone or has given up.
  void CheckVisible(ModelFileSystem* model, const Status& outcome, Fault fault,
                    const std::string& where) {
    const bool gap_allowed = !scenario_.features.exchange;
    const View view = Look(model, gap_allowed);
    if (view == View::kTorn) return Fail(&result_.torn, where, "torn before recovery");
    if (outcome.ok() && view != View::kNew) {
      return Fail(&result_.lost_after_acknowledgement, where, "acknowledged, not visible");
    }
    const bool said_failed = !outcome.ok() && fault != Fault::kKill &&
                             GetErrorKind(outcome) != ErrorKind::kCommitUnknown;
    if (said_failed && view != View::kOld) {
      Fail(&result_.other_failures, where,
           "said to have failed, but is visible: " + outcome.ToString());
    }
    if (said_failed && ExitCode(GetErrorKind(outcome)) != 6 &&
        ExitCode(GetErrorKind(outcome)) != 7) {
      Fail(&result_.other_failures, where, "wrong kind of error: " + outcome.ToString());
    }
  }

  void CheckRecovers(ModelFileSystem* model, const Status& outcome, const std::string& where) {
    const bool gap_allowed = !scenario_.features.exchange;
    if (Look(model, gap_allowed) == View::kTorn) {
      return Fail(&result_.torn, where, "torn before recovery");
    }
    {
      FaultEnv env(model, scenario_.features);
      const Status recovered = Recover(&env, kTarget).status();
      if (!recovered.ok()) return Fail(&result_.other_failures, where, recovered.ToString());
    }
    const View view = Look(model, /*absent_allowed=*/false);
    if (view == View::kTorn) return Fail(&result_.torn, where, "torn after recovery");
    if (outcome.ok() && view != View::kNew) {
      return Fail(&result_.lost_after_acknowledgement, where, "acknowledged, then lost");
    }
    CheckNothingLeft(model, view, where);
    CheckRunAgain(model, view, where);
  }

  void CheckNothingLeft(ModelFileSystem* model, View view, const std::string& where) {
    FaultEnv env(model);
    const bool ledger_expected =
        scenario_.kind == TargetKind::kDataset && (scenario_.old_tree || view == View::kNew);
    std::vector<std::string> expected;
    if (ledger_expected) expected = {"/data/.out.headrace/ledger", "/data/.out.headrace/lock"};
    std::vector<std::string> found;
    for (const DirectoryEntry& entry : env.List("/data").ValueOrDie()) {
      if (entry.name == "out") continue;
      if (entry.type != FileType::kDirectory)
        found.push_back("/data/" + entry.name);
      else
        for (const DirectoryEntry& inner : env.List("/data/" + entry.name).ValueOrDie()) {
          found.push_back("/data/" + entry.name + "/" + inner.name);
        }
    }
    // A lock that a loss of power took away is made again by the next run.
    std::erase(found, "/data/.out.headrace/lock");
    std::erase(expected, "/data/.out.headrace/lock");
    if (found != expected) {
      return Fail(&result_.other_failures, where, "left over: " + ::testing::PrintToString(found));
    }
    if (!ledger_expected) return;
    const bool in_ledger = LedgerHas(&env, "/data/.out.headrace/ledger", kRunId).ValueOrDie();
    if (in_ledger != (view == View::kNew)) {
      Fail(&result_.other_failures, where, "the ledger does not agree with the target");
    }
  }

  void CheckRunAgain(ModelFileSystem* model, View view, const std::string& where) {
    TransactionOptions options = Options("run-3");
    // Where the new dataset is there already, the job as it was would append twice or find its
    // target taken.
    const bool repeat = view == View::kOld;
    if (!repeat) options.mode = PublishMode::kOverwrite;
    FaultEnv env(model, scenario_.features);
    const Status status =
        PublishTree(&env, options, repeat ? scenario_.staged : scenario_.new_tree).status();
    if (!status.ok() || Look(model, false) != View::kNew) {
      Fail(&result_.other_failures, where, "run again: " + status.ToString());
    }
  }

  std::string CallText(int64_t call) const {
    return call < static_cast<int64_t>(trace_.size()) ? trace_[static_cast<size_t>(call)] : "end";
  }

  void Fail(int64_t* count, const std::string& where, const std::string& what) {
    if (result_.failures() < kDescriptionsMax) {
      descriptions_ += fmt::format("  {}: {}\n", where, what);
    }
    ++*count;
  }

  const SweepScenario scenario_;
  uint64_t seed_ = 1;
  ModelFileSystem start_;
  int64_t call_count_ = 0;
  std::array<int64_t, kEnvCallCount> counts_{};
  std::vector<std::string> trace_;
  std::optional<PublishMutant> publish_mutant_;
  std::optional<RecoveryMutant> recovery_mutant_;
  bool stop_at_first_failure_ = false;
  int power_cut_seeds_ = 24;
  SweepCounts result_;
  std::string descriptions_;
};

inline std::string ReplayCommand(const char* test) {
  const char* seed = std::getenv("HEADRACE_SEED");
  return fmt::format("replay: HEADRACE_SEED={} test_commit --gtest_filter='{}'",
                     seed != nullptr ? seed : "1", test);
}

}  // namespace headrace
