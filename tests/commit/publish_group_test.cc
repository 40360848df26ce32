// Several targets published as one, interrupted at every call.
#include "commit/publish_group.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "sweep_scenario.h"

namespace headrace {
namespace {

struct GroupTarget {
  std::string path;
  TargetKind kind = TargetKind::kDataset;
  PublishMode mode = PublishMode::kCreate;
  std::optional<Tree> old_tree;
  Tree staged;
  Tree new_tree;
};

struct GroupScenario {
  std::string name;
  std::vector<GroupTarget> targets;
  FileSystemFeatures features;
};

void PrintTo(const GroupScenario& scenario, std::ostream* out) { *out << scenario.name; }

std::vector<GroupScenario> Scenarios() {
  const Tree old_tree = {{"y=1/a.parquet", "old one"}};
  const Tree staged = {{"y=2/b.parquet", "new two"}};
  Tree both = old_tree;
  both.insert(staged.begin(), staged.end());
  const Tree old_file = {{"", "old"}};
  const Tree new_file = {{"", "new"}};
  const GroupTarget created = {
      "/data/a", TargetKind::kDataset, PublishMode::kCreate, std::nullopt, staged, staged};
  const GroupTarget appended = {
      "/more/b", TargetKind::kDataset, PublishMode::kAppend, old_tree, staged, both};
  const GroupTarget replaced = {
      "/data/c.parquet", TargetKind::kSingleFile, PublishMode::kOverwrite, old_file, new_file,
      new_file};
  const GroupTarget written = {
      "/more/d.parquet", TargetKind::kSingleFile, PublishMode::kCreate, std::nullopt, new_file,
      new_file};
  const FileSystemFeatures poor = {.exchange = false, .no_replace = false, .hard_links = false};
  return {{"datasets", {created, appended}, {}},        {"dataset_first", {appended, replaced}, {}},
          {"file_first", {written, appended}, {}},      {"files", {replaced, written}, {}},
          {"three", {created, replaced, appended}, {}}, {"poor", {appended, written}, poor}};
}

// Role: one group's publish on a model, as often as there are ways to interrupt it.
class GroupSweep {
 public:
  explicit GroupSweep(const GroupScenario& scenario) : scenario_(scenario) {
    start_.CreateDirectory("/data");
    start_.CreateDirectory("/more");
    start_.SyncEverything();
    for (const GroupTarget& target : scenario_.targets) {
      if (!target.old_tree) continue;
      FaultEnv env(&start_);
      TransactionOptions options = OptionsOf(target, "run-1");
      options.mode = PublishMode::kCreate;
      EXPECT_TRUE(PublishTree(&env, options, *target.old_tree).ok());
      start_.SyncEverything();
    }
  }

  static TransactionOptions OptionsOf(const GroupTarget& target, const std::string& run_id) {
    TransactionOptions options;
    options.target = target.path;
    options.kind = target.kind;
    options.mode = target.mode;
    options.run_id = run_id;
    return options;
  }

  Status PublishAll(Env* env, const std::string& run_id) const {
    std::vector<std::unique_ptr<Transaction>> transactions;
    std::vector<GroupMember> members;
    for (const GroupTarget& target : scenario_.targets) {
      ARROW_ASSIGN_OR_RAISE(auto begun, Transaction::Begin(env, OptionsOf(target, run_id)));
      ARROW_RETURN_NOT_OK(StageTree(begun.get(), target.staged));
      members.push_back({begun.get(), {}});
      transactions.push_back(std::move(begun));
    }
    return PublishTogether(env, std::move(members)).status();
  }

  // The outcome, and how many calls it took.
  Status Run(ModelFileSystem* model, const FaultPlan& plan, int64_t* calls) const {
    FaultEnv env(model, scenario_.features);
    env.SetPlan(plan);
    Status outcome = PublishAll(&env, "run-2");
    *calls = env.call_count();
    return outcome;
  }

  void Check(ModelFileSystem* model, const Status& outcome, bool was_killed, size_t recover_from,
             const std::string& where) const {
    {
      FaultEnv env(model, scenario_.features);
      const auto recovered = Recover(&env, scenario_.targets[recover_from].path);
      ASSERT_TRUE(recovered.ok()) << where << ": " << recovered.status();
      // The others know of nothing that the first did not: a run that never wrote its record.
      for (const GroupTarget& target : scenario_.targets) {
        ASSERT_TRUE(Recover(&env, target.path).ok()) << where;
      }
    }
    size_t new_ones = 0;
    for (const GroupTarget& target : scenario_.targets) {
      FaultEnv env(model);
      const bool exists = model->Lookup(target.path).has_value();
      const Tree tree = ReadTree(&env, target.path).ValueOrDie();
      const bool is_new = exists && tree == target.new_tree;
      const bool is_old = target.old_tree ? exists && tree == *target.old_tree : !exists;
      ASSERT_TRUE(is_new || is_old) << where << ": torn " << target.path;
      new_ones += is_new ? 1 : 0;
    }
    ASSERT_TRUE(new_ones == 0 || new_ones == scenario_.targets.size())
        << where << ": " << new_ones << " of " << scenario_.targets.size() << " are new; "
        << outcome;
    if (outcome.ok()) {
      ASSERT_NE(new_ones, 0U) << where << ": acknowledged, then lost";
    } else if (!was_killed && GetErrorKind(outcome) != ErrorKind::kCommitUnknown) {
      ASSERT_EQ(new_ones, 0U) << where << ": said to have failed: " << outcome;
    }
    CheckNothingLeft(model, where);
  }

  const ModelFileSystem& start() const { return start_; }
  const GroupScenario& scenario() const { return scenario_; }

 private:

  void CheckNothingLeft(ModelFileSystem* model, const std::string& where) const {
    FaultEnv env(model);
    for (const std::string directory : {"/data", "/more"}) {
      for (const DirectoryEntry& entry : env.List(directory).ValueOrDie()) {
        if (!entry.name.starts_with(".")) continue;
        ASSERT_EQ(entry.type, FileType::kDirectory) << where << ": left over " << entry.name;
        for (const DirectoryEntry& inner : env.List(directory + "/" + entry.name).ValueOrDie()) {
          ASSERT_TRUE(inner.name == "ledger" || inner.name == "lock")
              << where << ": left over " << entry.name << "/" << inner.name;
        }
      }
    }
  }

  const GroupScenario scenario_;
  ModelFileSystem start_;
};

class PublishGroupTest : public ::testing::TestWithParam<GroupScenario> {};

TEST_P(PublishGroupTest, AllTargetsOrNoneWhateverHappens) {
  const GroupSweep sweep(GetParam());
  const char* given = std::getenv("HEADRACE_SEED");
  const uint64_t first_seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  SCOPED_TRACE(fmt::format("replay: HEADRACE_SEED={} ctest -R PublishGroup", first_seed));
  ModelFileSystem undisturbed = sweep.start();
  int64_t calls = 0;
  const Status status = sweep.Run(&undisturbed, {}, &calls);
  ASSERT_TRUE(status.ok()) << status;
  sweep.Check(&undisturbed, status, false, 0, "undisturbed");
  const int seeds = kSanitized ? 1 : 8;
  for (const Fault fault : {Fault::kKill, Fault::kFailOnce, Fault::kFailAfterEffect,
                            Fault::kFailFromHere, Fault::kNoSpace}) {
    for (int64_t call = 0; call <= calls; ++call) {
      ModelFileSystem model = sweep.start();
      int64_t made = 0;
      const Status outcome = sweep.Run(&model, {call, fault}, &made);
      const bool was_killed = fault == Fault::kKill;
      const std::string where = fmt::format("fault {} at call {}", static_cast<int>(fault), call);
      for (size_t from = 0; from < sweep.scenario().targets.size(); ++from) {
        ModelFileSystem survivor = model;
        sweep.Check(&survivor, outcome, was_killed, from, where);
      }
      for (int i = 0; i < seeds && !HasFatalFailure(); ++i) {
        const uint64_t seed = first_seed * 1'000'003 + static_cast<uint64_t>(call * 100 + i);
        std::mt19937_64 random(seed);
        ModelFileSystem after = model;
        after.PowerCut(&random);
        sweep.Check(&after, outcome, was_killed, seed % sweep.scenario().targets.size(),
                    fmt::format("{}, power cut with seed {}", where, seed));
      }
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(PublishGroupTest, ARecoveryThatDiesIsGoneOnWith) {
  const GroupSweep sweep(GetParam());
  ModelFileSystem undisturbed = sweep.start();
  int64_t calls = 0;
  ASSERT_TRUE(sweep.Run(&undisturbed, {}, &calls).ok());
  const int64_t step = kSanitized ? 7 : 1;
  for (int64_t call = 0; call <= calls; call += step) {
    ModelFileSystem crashed = sweep.start();
    int64_t made = 0;
    const Status outcome = sweep.Run(&crashed, {call, Fault::kKill}, &made);
    for (int64_t inner = 0;; inner += step) {
      ModelFileSystem model = crashed;
      bool interrupted = false;
      const size_t from = static_cast<size_t>(inner) % sweep.scenario().targets.size();
      {
        FaultEnv env(&model, sweep.scenario().features);
        env.SetPlan({inner, Fault::kKill});
        [[maybe_unused]] const auto recovered = Recover(&env, sweep.scenario().targets[from].path);
        interrupted = env.call_count() > inner;
      }
      const std::string where = fmt::format("killed at call {}, recovery at {}", call, inner);
      std::mt19937_64 random(static_cast<uint64_t>(call * 1000 + inner));
      ModelFileSystem after = model;
      after.PowerCut(&random);
      sweep.Check(&model, outcome, true, from, where);
      sweep.Check(&after, outcome, true, 0, where + " and a power cut");
      if (HasFatalFailure()) return;
      if (!interrupted) break;
    }
  }
}

// The next run on one of the targets finishes or undoes what concerns it, under its own lock.
TEST_P(PublishGroupTest, TheNextRunOnOneTargetDoesNotTearTheGroup) {
  const GroupSweep sweep(GetParam());
  ModelFileSystem undisturbed = sweep.start();
  int64_t calls = 0;
  ASSERT_TRUE(sweep.Run(&undisturbed, {}, &calls).ok());
  for (int64_t call = 0; call <= calls; ++call) {
    for (const GroupTarget& next : sweep.scenario().targets) {
      ModelFileSystem model = sweep.start();
      int64_t made = 0;
      const Status outcome = sweep.Run(&model, {call, Fault::kKill}, &made);
      {
        FaultEnv env(&model, sweep.scenario().features);
        TransactionOptions options = GroupSweep::OptionsOf(next, "run-3");
        options.mode = PublishMode::kOverwrite;
        const auto begun = Transaction::Begin(&env, options);  // and given up again
        ASSERT_TRUE(begun.ok()) << begun.status();
      }
      sweep.Check(&model, outcome, true, 0, fmt::format("killed at call {}", call));
      if (HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, PublishGroupTest, ::testing::ValuesIn(Scenarios()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace headrace
