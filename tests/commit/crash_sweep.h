// The crash sweep: one publish, interrupted at every call in every way the model knows. What must
// hold afterwards stands in crash_judge.h.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crash_judge.h"

namespace headrace {

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
      [[maybe_unused]] const Status outcome = RunSweepJob(scenario_, &publisher);
      FaultEnv env(&model, scenario_.features);
      [[maybe_unused]] const auto recovered = Recover(&env, kSweepTarget);
      calls.insert(env.trace().begin(), env.trace().end());
    }
    return {calls.begin(), calls.end()};
  }

  const SweepCounts& counts() const { return judge_.counts(); }
  const std::string& descriptions() const { return judge_.descriptions(); }

 private:
  static constexpr int kFaultSeeds = kSanitized ? 1 : 4;
  static constexpr int kRecoverySeeds = kSanitized ? 0 : 6;

  struct PublishMutant {
    EnvCall call;
    int64_t ordinal;
  };
  // By path: what a recovery does, and so its ordinals, depends on where the run was killed.
  struct RecoveryMutant {
    EnvCall call;
    std::string path;
  };

  bool Stopped() const { return stop_at_first_failure_ && judge_.counts().failures() > 0; }

  void Setup() {
    start_.CreateDirectory("/data");
    start_.SyncEverything();
    if (scenario_.old_tree) {
      FaultEnv env(&start_);
      TransactionOptions options = SweepOptions(scenario_, "run-1");
      options.mode = PublishMode::kCreate;
      const Status status = scenario_.prepare
                                ? scenario_.prepare(&env)
                                : PublishTree(&env, options, *scenario_.old_tree).status();
      if (!status.ok()) ADD_FAILURE() << status.ToString();
      start_.SyncEverything();
    }
    ModelFileSystem model = start_;
    FaultEnv env(&model, scenario_.features);
    const Status status = RunSweepJob(scenario_, &env);
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
    return RunSweepJob(scenario_, &env);
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
    judge_.CountPoint();
    const std::string where = scenario_.name + " undisturbed";
    if (!outcome.ok()) return judge_.FailOtherwise(where, outcome.ToString());
    judge_.CheckRecovers(&model, outcome, where);
  }

  void Interrupt(int64_t call, Fault fault, int seeds) {
    ModelFileSystem model = start_;
    const Status outcome = RunJob(&model, {call, fault});
    const std::string where = fmt::format("{} fault {} at call {} ({})", scenario_.name,
                                          static_cast<int>(fault), call, CallText(call));
    judge_.CountPoint();
    judge_.CheckVisible(&model, outcome, fault, where);
    ModelFileSystem survivor = model;
    judge_.CheckRecovers(&survivor, outcome, where + ", all kept");
    for (int i = 0; i < seeds && !Stopped(); ++i) {
      ModelFileSystem after = model;
      const uint64_t seed = seed_ + static_cast<uint64_t>(call) * 1000 + static_cast<uint64_t>(i);
      std::mt19937_64 random(seed);
      after.PowerCut(&random);
      judge_.CountPoint();
      judge_.CheckRecovers(&after, outcome, fmt::format("{}, power cut with seed {}", where, seed));
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
      [[maybe_unused]] const auto recovered = Recover(&env, kSweepTarget);
      interrupted = env.call_count() > inner;
    }
    const std::string where = fmt::format("{} killed at call {} ({}), recovery at call {}",
                                          scenario_.name, call, CallText(call), inner);
    judge_.CountPoint();
    ModelFileSystem survivor = model;
    judge_.CheckRecovers(&survivor, outcome, where);
    for (int i = 0; i < kRecoverySeeds && !Stopped(); ++i) {
      ModelFileSystem after = model;
      const uint64_t seed = seed_ + static_cast<uint64_t>(call * 100000 + inner * 100 + i);
      std::mt19937_64 random(seed);
      after.PowerCut(&random);
      judge_.CountPoint();
      judge_.CheckRecovers(&after, outcome, fmt::format("{}, power cut with seed {}", where, seed));
    }
    return interrupted;
  }

  std::string CallText(int64_t call) const {
    return call < static_cast<int64_t>(trace_.size()) ? trace_[static_cast<size_t>(call)] : "end";
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
  int power_cut_seeds_ = kSanitized ? 4 : 24;
  CrashJudge judge_{scenario_};
};

inline std::string ReplayCommand(const char* test) {
  const char* seed = std::getenv("HEADRACE_SEED");
  return fmt::format("replay: HEADRACE_SEED={} test_commit --gtest_filter='{}'",
                     seed != nullptr ? seed : "1", test);
}

}  // namespace headrace
