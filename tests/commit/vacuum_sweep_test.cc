// A vacuum interrupted at every call, by faults, a kill and a loss of power, and again during the
// recovery: a retained generation is whole or not offered, and the dataset never changes.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "commit/vacuum.h"
#include "sweep_scenario.h"

namespace headrace {
namespace {

constexpr int kPowerCuts = kSanitized ? 2 : 12;
const std::map<std::string, Tree> kWritten = {
    {"run-1", {{"y=1/a.parquet", "one"}, {"y=2/a.parquet", "one two"}}},
    {"run-2", {{"y=1/b.parquet", "two"}, {"y=3/b.parquet", "two three"}}},
    {"run-3", {{"y=1/c.parquet", "three"}}},
};

class VacuumSweep : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (kThreadSanitized) GTEST_SKIP() << kNoThreads;
  }
  VacuumSweep() {
    if (const char* seed = std::getenv("HEADRACE_SEED")) seed_ = std::strtoull(seed, nullptr, 10);
    features_.exchange = GetParam();
    start_.CreateDirectory("/data");
    FaultEnv env(&start_, features_);
    for (const auto& [run_id, tree] : kWritten) {
      TransactionOptions options;
      options.target = kSweepTarget;
      options.mode = PublishMode::kOverwrite;
      options.run_id = run_id;
      options.retain_seconds = 3600;
      const Status status = PublishTree(&env, options, tree).status();
      if (!status.ok()) ADD_FAILURE() << status.ToString();
    }
    start_.SyncEverything();
    ModelFileSystem model = start_;
    FaultEnv counter(&model, features_);
    EXPECT_TRUE(RunVacuum(&counter).ok());
    call_count_ = counter.call_count();
  }

  static Status RunVacuum(Env* env) {
    VacuumOptions options;
    options.target = kSweepTarget;
    options.older_than_seconds = 0;
    return Vacuum(env, options).status();
  }

  // What a reader, and a rollback, would find there now.
  void CheckOffered(ModelFileSystem* model, const std::string& where) {
    ++points_;
    FaultEnv env(model, features_);
    const DatasetLayout layout(kSweepTarget);
    bool whole = ReadTree(&env, kSweepTarget).ValueOrDie() == kWritten.at("run-3");
    for (const RetainedGeneration& generation : ListGenerations(&env, layout).ValueOrDie()) {
      const std::string path = JoinPath(layout.generations(), generation.name);
      whole = whole && ReadTree(&env, path).ValueOrDie() == kWritten.at(generation.run_id);
    }
    if (!whole) Fail("torn: " + where);
  }

  void CheckRecovers(ModelFileSystem* model, bool acknowledged, const std::string& where) {
    CheckOffered(model, where);
    FaultEnv env(model, features_);
    const Status recovered = Recover(&env, kSweepTarget).status();
    if (!recovered.ok()) return Fail(where + ": " + recovered.ToString());
    CheckOffered(model, where + ", recovered");
    const DatasetLayout layout(kSweepTarget);
    const size_t offered = ListGenerations(&env, layout).ValueOrDie().size();
    if (acknowledged && offered > 0) Fail("said to be removed, and back: " + where);
    const bool stands = model->Lookup(layout.generations()).has_value();
    const size_t entries = stands ? env.List(layout.generations()).ValueOrDie().size() : 0;
    if (entries != offered || (stands && offered == 0)) Fail("left over: " + where);
  }

  void CheckFutures(const ModelFileSystem& model, bool acknowledged, const std::string& where) {
    ModelFileSystem survivor = model;
    CheckRecovers(&survivor, acknowledged, where);
    for (int i = 0; i < kPowerCuts; ++i) {
      ModelFileSystem after = model;
      const uint64_t seed = seed_ * 1000 + static_cast<uint64_t>(i);
      std::mt19937_64 random(seed);
      after.PowerCut(&random);
      CheckRecovers(&after, acknowledged, fmt::format("{}, power cut with seed {}", where, seed));
    }
  }

  void Sweep(const FaultPlan& mutant = {}) {
    for (const Fault fault : {Fault::kFailOnce, Fault::kFailAfterEffect, Fault::kFailFromHere,
                              Fault::kNoSpace, Fault::kKill}) {
      for (int64_t call = 0; call <= call_count_; ++call) {
        ModelFileSystem model = start_;
        FaultPlan plan = mutant;
        plan.at_call = call;
        plan.fault = fault;
        FaultEnv env(&model, features_);
        env.SetPlan(plan);
        const bool acknowledged = RunVacuum(&env).ok();
        CheckFutures(model, acknowledged,
                     fmt::format("fault {} at call {}", static_cast<int>(fault), call));
      }
    }
  }

  // The recovery of every kill is killed at every call of its own.
  void SweepRecoveries(const FaultPlan& mutant = {}) {
    for (int64_t call = 0; call <= call_count_; ++call) {
      for (int64_t inner = 0;; ++inner) {
        ModelFileSystem model = start_;
        FaultEnv killed(&model, features_);
        killed.SetPlan({call, Fault::kKill});
        const bool acknowledged = RunVacuum(&killed).ok();
        FaultEnv env(&model, features_);
        FaultPlan plan = mutant;
        plan.at_call = inner;
        plan.fault = Fault::kKill;
        env.SetPlan(plan);
        [[maybe_unused]] const auto recovered = Recover(&env, kSweepTarget);
        CheckFutures(model, acknowledged,
                     fmt::format("killed at call {}, recovery at call {}", call, inner));
        if (env.call_count() <= inner) break;
      }
    }
  }

  static FaultPlan Without(EnvCall call, const std::string& path) {
    FaultPlan plan;
    plan.dropped_call = call;
    plan.dropped_path = path;
    return plan;
  }

  void Report(const char* what) {
    std::printf("%s: %lld calls, %lld points, %lld failures\n", what,
                static_cast<long long>(call_count_), static_cast<long long>(points_),
                static_cast<long long>(failures_));
  }
  static std::string Replay() {
    const char* seed = std::getenv("HEADRACE_SEED");
    return fmt::format("replay: HEADRACE_SEED={} test_commit --gtest_filter='*VacuumSweep*'",
                       seed != nullptr ? seed : "1");
  }
  void Fail(const std::string& what) {
    if (failures_++ < 5) descriptions_ += "  " + what + "\n";
  }

  uint64_t seed_ = 1;
  FileSystemFeatures features_;
  ModelFileSystem start_;
  int64_t call_count_ = 0;
  int64_t points_ = 0;
  int64_t failures_ = 0;
  std::string descriptions_;
};

TEST_P(VacuumSweep, EveryFaultKillAndPowerCut) {
  Sweep();
  Report("vacuum");
  EXPECT_EQ(failures_, 0) << descriptions_ << Replay();
  EXPECT_GT(points_, 0);
}

TEST_P(VacuumSweep, EveryKillDuringRecovery) {
  SweepRecoveries();
  Report("kills during recovery of a vacuum");
  EXPECT_EQ(failures_, 0) << descriptions_ << Replay();
}

// The control: without the sync between the new name and the removal, the sweep must fail.
TEST_P(VacuumSweep, TheSyncBeforeTheRemovalIsNeeded) {
  if (kSanitized) GTEST_SKIP() << "SKIPPED: mutants are judged by builds without sanitizers";
  const std::string generations = DatasetLayout(kSweepTarget).generations();
  Sweep(Without(EnvCall::kSyncDirectory, generations));
  EXPECT_GT(failures_, 0) << Replay();
  failures_ = 0;
  SweepRecoveries(Without(EnvCall::kSyncDirectory, generations));
  EXPECT_GT(failures_, 0) << Replay();
}

INSTANTIATE_TEST_SUITE_P(FileSystems, VacuumSweep, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "exchange" : "no_exchange"; });

}  // namespace
}  // namespace headrace
