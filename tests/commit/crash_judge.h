// What must hold after an interrupted publish.
//
// After every interruption, at once: the target is exactly the old or exactly the new dataset; it
// is the new one when Publish returned OK, the old one when it failed with anything but
// CommitUnknown. After recovery by a new process: the same; the ledger names the run if and only if
// the target is new; nothing is left over; and a job run again ends at the new dataset.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "commit/generations.h"
#include "commit/layout.h"
#include "commit/ledger.h"
#include "sweep_scenario.h"

namespace headrace {

struct SweepCounts {
  int64_t points = 0;  // interrupted histories
  int64_t faults = 0;  // in all of them: errors, kills and losses of power
  int64_t torn = 0;
  int64_t lost_after_acknowledgement = 0;
  int64_t other_failures = 0;
  int64_t failures() const { return torn + lost_after_acknowledgement + other_failures; }
};

// Role: looks at a model after a publish that ended with some outcome, and counts what should not
// be. Owner: a sweep. Threads: one. The first few failures are described.
class CrashJudge {
 public:
  explicit CrashJudge(const SweepScenario& scenario) : scenario_(scenario) {}

  const SweepCounts& counts() const { return result_; }
  const std::string& descriptions() const { return descriptions_; }
  void CountPoint(int64_t faults) {
    ++result_.points;
    result_.faults += faults;
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
      const Status recovered = Recover(&env, kSweepTarget).status();
      if (!recovered.ok()) return Fail(&result_.other_failures, where, recovered.ToString());
    }
    const View view = Look(model, /*absent_allowed=*/false);
    if (view == View::kTorn) return Fail(&result_.torn, where, "torn after recovery");
    if (outcome.ok() && view != View::kNew) {
      return Fail(&result_.lost_after_acknowledgement, where, "acknowledged, then lost");
    }
    CheckNothingLeft(model, view, where);
    CheckRetained(model, view, where);
    CheckQuarantine(model, view, where);
    CheckRunAgain(model, view, where);
  }

  void FailOtherwise(const std::string& where, const std::string& what) {
    Fail(&result_.other_failures, where, what);
  }

 private:
  static constexpr int kDescriptionsMax = 5;
  enum class View : uint8_t { kOld, kNew, kTorn };

  View Look(ModelFileSystem* model, bool absent_allowed) {
    FaultEnv env(model);
    const bool exists = model->Lookup(kSweepTarget).has_value();
    const Tree tree = ReadTree(&env, kSweepTarget).ValueOrDie();
    if (exists && tree == scenario_.new_tree) return View::kNew;
    if (!exists && (!scenario_.old_tree || absent_allowed)) return View::kOld;
    if (exists && scenario_.old_tree && tree == *scenario_.old_tree) return View::kOld;
    return View::kTorn;
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
    std::erase(found, "/data/.out.headrace/generations");  // looked at by CheckRetained
    std::erase(found, "/data/.out.headrace/quarantine");   // and by CheckQuarantine
    if (found != expected) {
      return Fail(&result_.other_failures, where, "left over: " + ::testing::PrintToString(found));
    }
    if (!ledger_expected) return;
    const bool in_ledger = LedgerHas(&env, "/data/.out.headrace/ledger", kSweepRunId).ValueOrDie();
    if (in_ledger != (view == View::kNew)) {
      Fail(&result_.other_failures, where, "the ledger does not agree with the target");
    }
  }

  // Whole, and under the names of those who wrote them; nothing half removed or half moved.
  void CheckRetained(ModelFileSystem* model, View view, const std::string& where) {
    FaultEnv env(model);
    const DatasetLayout layout(kSweepTarget);
    std::map<std::string, Tree> found;
    for (const RetainedGeneration& generation : ListGenerations(&env, layout).ValueOrDie()) {
      found[generation.run_id] =
          ReadTree(&env, JoinPath(layout.generations(), generation.name)).ValueOrDie();
    }
    const auto& expected =
        view == View::kNew ? scenario_.retained_with_new : scenario_.retained_with_old;
    if (found != expected) {
      Fail(&result_.other_failures, where, "retained: " + ::testing::PrintToString(found));
    }
    if (expected.empty() && model->Lookup(layout.generations())) {
      Fail(&result_.other_failures, where, "left over: generations/");
    }
  }

  // There if and only if the run was published.
  void CheckQuarantine(ModelFileSystem* model, View view, const std::string& where) {
    FaultEnv env(model);
    const Tree found = ReadTree(&env, DatasetLayout(kSweepTarget).quarantine()).ValueOrDie();
    Tree expected;
    if (!scenario_.quarantined_with_old.empty()) {
      expected["run-1.parquet"] = scenario_.quarantined_with_old;
    }
    if (view == View::kNew && !scenario_.quarantined_with_new.empty()) {
      expected[fmt::format("{}.parquet", kSweepRunId)] = scenario_.quarantined_with_new;
    }
    if (found == expected) return;
    Fail(&result_.other_failures, where, "quarantine: " + ::testing::PrintToString(found));
  }

  void CheckRunAgain(ModelFileSystem* model, View view, const std::string& where) {
    TransactionOptions options = SweepOptions(scenario_, "run-3");
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

  void Fail(int64_t* count, const std::string& where, const std::string& what) {
    if (result_.failures() < kDescriptionsMax) {
      descriptions_ += fmt::format("  {}: {}\n", where, what);
    }
    ++*count;
  }

  const SweepScenario& scenario_;
  SweepCounts result_;
  std::string descriptions_;
};

}  // namespace headrace
