// The crash sweep: one publish, interrupted at every call in every way the model knows. What must
// hold afterwards stands in crash_judge.h.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crash_judge.h"
#include "mutant.h"

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

  void set_publish_mutant(Mutant mutant) { publish_mutant_ = std::move(mutant); }
  void set_recovery_mutant(Mutant mutant) { recovery_mutant_ = std::move(mutant); }
  void set_stop_at_first_failure() { stop_at_first_failure_ = true; }
  // How many different losses of power follow every kill.
  void set_power_cut_seeds(int count) { power_cut_seeds_ = count; }

  // Where a kill is tried before all others.
  void set_first_kill_point(int64_t call) { first_kill_point_ = call; }

  // Calls that an undisturbed publish makes.
  int64_t call_count() const { return call_count_; }
  const std::vector<std::string>& trace() const { return trace_; }

  void SweepFaults() {
    for (const Fault fault :
         {Fault::kFailOnce, Fault::kFailAfterEffect, Fault::kFailFromHere, Fault::kNoSpace}) {
      for (int64_t call = 0; call < call_count_ && !Stopped(); call += kStride) {
        Interrupt(call, fault, fault_seeds_);
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
  // The recovery after a kill, or after a loss of power, is itself killed, or loses power, at every
  // call of its own.
  void SweepKillsDuringRecovery() {
    ForEachCrash([this](const Crash& crash) {
      for (int64_t inner = 0; !Stopped(); inner += kStride) {
        if (!InterruptRecovery(crash, {inner, Fault::kKill}, recovery_seeds_)) break;
      }
    });
  }
  // The same recoveries meet an error at every call of theirs.
  void SweepFaultsDuringRecovery() {
    for (const Fault fault : {Fault::kFailOnce, Fault::kNoSpace}) {
      ForEachCrash([this, fault](const Crash& crash) {
        for (int64_t inner = 0; !Stopped(); inner += kStride) {
          if (!InterruptRecovery(crash, {inner, fault}, 0)) break;
        }
      });
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
  // What holds at every call is judged by the release build; sanitizers look for something else, at
  // a third of the calls.
  static constexpr int64_t kStride = kSanitized ? 3 : 1;

  // What a dead publish left.
  struct Crash {
    ModelFileSystem model;
    Status outcome;
    int64_t call;
    bool power_cut;
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
  }

  Status RunJob(ModelFileSystem* model, FaultPlan plan) {
    if (publish_mutant_) publish_mutant_->Apply(&plan);
    FaultEnv env(model, scenario_.features);
    env.SetPlan(plan);
    return RunSweepJob(scenario_, &env);
  }

  // Every call, the end first and then in wide steps: what a mutant breaks shows soon.
  std::vector<int64_t> KillPoints() const {
    constexpr int64_t kStep = 8;
    std::vector<int64_t> points;
    if (first_kill_point_) points.push_back(*first_kill_point_);
    for (int64_t offset = 0; offset < kStep; offset += kStride) {
      for (int64_t call = call_count_ - offset; call >= 0; call -= kStep) points.push_back(call);
    }
    return points;
  }

  void CheckUndisturbed() {
    ModelFileSystem model = start_;
    const Status outcome = RunJob(&model, {});
    judge_.CountPoint(0);
    const std::string where = scenario_.name + " undisturbed";
    if (!outcome.ok()) return judge_.FailOtherwise(where, outcome.ToString());
    judge_.CheckRecovers(&model, outcome, where);
  }

  void Interrupt(int64_t call, Fault fault, int seeds) {
    ModelFileSystem model = start_;
    const Status outcome = RunJob(&model, {call, fault});
    const std::string where = fmt::format("{} fault {} at call {} ({})", scenario_.name,
                                          static_cast<int>(fault), call, CallText(call));
    judge_.CountPoint(1);
    judge_.CheckVisible(&model, outcome, fault, where);
    ModelFileSystem survivor = model;
    judge_.CheckRecovers(&survivor, outcome, where + ", all kept");
    CutPower(model, outcome, where, {call * 1000, seeds, 2});
  }

  struct PowerCuts {
    int64_t first_seed;
    int count;
    int64_t faults;  // of each history, this one included
  };
  void CutPower(const ModelFileSystem& model, const Status& outcome, const std::string& where,
                const PowerCuts& cuts) {
    for (int i = 0; i < cuts.count && !Stopped(); ++i) {
      ModelFileSystem after = model;
      const uint64_t seed = seed_ + static_cast<uint64_t>(cuts.first_seed + i);
      std::mt19937_64 random(seed);
      after.PowerCut(&random);
      judge_.CountPoint(cuts.faults);
      judge_.CheckRecovers(&after, outcome, fmt::format("{}, power cut with seed {}", where, seed));
    }
  }

  void ForEachCrash(const std::function<void(const Crash&)>& visit) {
    for (const int64_t call : KillPoints()) {
      if (Stopped()) return;
      ModelFileSystem model = start_;
      const Status outcome = RunJob(&model, {call, Fault::kKill});
      visit({model, outcome, call, false});
      if (kSanitized) continue;
      std::mt19937_64 random(seed_ + static_cast<uint64_t>(call));
      model.PowerCut(&random);
      visit({model, outcome, call, true});
    }
  }

  // False when recovery made fewer calls than the plan's: there is nothing more to interrupt.
  bool InterruptRecovery(const Crash& crash, FaultPlan plan, int power_cuts) {
    const int64_t inner = plan.at_call;
    ModelFileSystem model = crash.model;
    if (recovery_mutant_) recovery_mutant_->Apply(&plan);
    bool interrupted = false;
    {
      FaultEnv env(&model, scenario_.features);
      env.SetPlan(plan);
      [[maybe_unused]] const auto recovered = Recover(&env, kSweepTarget);
      interrupted = env.call_count() > inner;
    }
    const std::string where =
        fmt::format("{} {} at call {} ({}), recovery met fault {} at call {}", scenario_.name,
                    crash.power_cut ? "lost power" : "killed", crash.call, CallText(crash.call),
                    static_cast<int>(plan.fault), inner);
    const int64_t faults = crash.power_cut ? 3 : 2;
    judge_.CountPoint(faults);
    ModelFileSystem survivor = model;
    judge_.CheckRecovers(&survivor, crash.outcome, where);
    CutPower(model, crash.outcome, where,
             {crash.call * 100000 + inner * 100, power_cuts, faults + 1});
    return interrupted;
  }

  std::string CallText(int64_t call) const {
    return call < static_cast<int64_t>(trace_.size()) ? trace_[static_cast<size_t>(call)] : "end";
  }

  const SweepScenario scenario_;
  uint64_t seed_ = 1;
  ModelFileSystem start_;
  int64_t call_count_ = 0;
  std::vector<std::string> trace_;
  std::optional<Mutant> publish_mutant_;
  std::optional<Mutant> recovery_mutant_;
  std::optional<int64_t> first_kill_point_;
  bool stop_at_first_failure_ = false;
  int fault_seeds_ = kSanitized ? 1 : 4 * SweepEffort();
  int power_cut_seeds_ = kSanitized ? 4 : 24 * SweepEffort();
  int recovery_seeds_ = kSanitized ? 0 : 3 * SweepEffort();
  CrashJudge judge_{scenario_};
};

inline std::string ReplayCommand(const char* test) {
  const char* seed = std::getenv("HEADRACE_SEED");
  return fmt::format("replay: HEADRACE_SEED={} test_commit --gtest_filter='{}'",
                     seed != nullptr ? seed : "1", test);
}

}  // namespace headrace
