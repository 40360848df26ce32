// What the crash sweep publishes, over what, on which kind of file system, and what must be there
// afterwards.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "commit/rollback.h"
#include "support/fault_env.h"
#include "tree_reading.h"

namespace headrace {

// Under a sanitizer the sweep looks for memory errors: fewer futures per point will do, and no
// mutants.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitized = true;
#else
inline constexpr bool kThreadSanitized = false;
#endif
// The sweeps are of one thread and long: TSan would find nothing in them.
inline constexpr char kNoThreads[] = "SKIPPED: one thread, nothing for TSan";

// HEADRACE_SWEEP_EFFORT multiplies the losses of power that follow every interruption.
inline int SweepEffort() {
  const char* effort = std::getenv("HEADRACE_SWEEP_EFFORT");
  return effort != nullptr ? std::max(1, std::atoi(effort)) : 1;
}

inline constexpr char kSweepTarget[] = "/data/out";
inline constexpr char kSweepRunId[] = "run-2";

struct SweepScenario {
  std::string name;
  TargetKind kind = TargetKind::kDataset;
  PublishMode mode = PublishMode::kCreate;
  std::optional<Tree> old_tree;  // nullopt: no target
  Tree staged;
  Tree new_tree;
  FileSystemFeatures features;
  int64_t retain_seconds = 0;
  int64_t files_synced_alone = TransactionOptions().files_synced_alone;
  // Where they are set: what is there before, and what is interrupted, instead of a create by run-1
  // and a publish.
  std::function<Status(Env*)> prepare = {};
  std::function<Status(Env*)> job = {};
  // The retained generations by the runs that wrote them, beside the old and beside the new
  // dataset.
  std::map<std::string, Tree> retained_with_old = {};
  std::map<std::string, Tree> retained_with_new = {};
  // What the run, and the one before it, put aside; "" = nothing.
  std::string quarantined_with_new = {};
  std::string quarantined_with_old = {};
};

inline void PrintTo(const SweepScenario& scenario, std::ostream* out) { *out << scenario.name; }

inline TransactionOptions SweepOptions(const SweepScenario& scenario, const std::string& run_id) {
  TransactionOptions options;
  options.target = kSweepTarget;
  options.kind = scenario.kind;
  options.mode = scenario.mode;
  options.run_id = run_id;
  options.retain_seconds = scenario.retain_seconds;
  options.files_synced_alone = scenario.files_synced_alone;
  return options;
}

inline Status PublishWithRejects(Env* env, const TransactionOptions& options, const Tree& tree,
                                 const std::string& rejects) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<Transaction> transaction,
                        Transaction::Begin(env, options));
  ARROW_RETURN_NOT_OK(StageTree(transaction.get(), tree));
  ARROW_RETURN_NOT_OK(StageTree(transaction->quarantine(), {{"", rejects}}));
  return transaction->Publish(PublishInfo()).status();
}

// What is interrupted.
inline Status RunSweepJob(const SweepScenario& scenario, Env* env) {
  if (scenario.job) return scenario.job(env);
  if (!scenario.quarantined_with_new.empty()) {
    return PublishWithRejects(env, SweepOptions(scenario, kSweepRunId), scenario.staged,
                              scenario.quarantined_with_new);
  }
  return PublishTree(env, SweepOptions(scenario, kSweepRunId), scenario.staged).status();
}

// An overwrite that keeps what it replaces.
inline SweepScenario RetainScenario(const std::string& name, FileSystemFeatures features) {
  SweepScenario scenario;
  scenario.name = name;
  scenario.mode = PublishMode::kOverwrite;
  scenario.old_tree = Tree{{"y=1/a.parquet", "old one"}};
  scenario.staged = scenario.new_tree = Tree{{"y=2/b.parquet", "new two"}};
  scenario.features = features;
  scenario.retain_seconds = 3600;
  scenario.retained_with_new = {{"run-1", *scenario.old_tree}};
  return scenario;
}

// From what run-1 wrote, which replaced what run-0 wrote, back to that.
inline SweepScenario RollbackScenario(const std::string& name, FileSystemFeatures features) {
  const Tree zero = {{"y=0/z.parquet", "zero"}, {"y=1/z.parquet", "zero one"}};
  const Tree one = {{"y=1/a.parquet", "one"}};
  SweepScenario scenario;
  scenario.name = name;
  scenario.mode = PublishMode::kOverwrite;
  scenario.old_tree = one;
  scenario.staged = scenario.new_tree = zero;
  scenario.features = features;
  scenario.retain_seconds = 3600;
  scenario.prepare = [scenario, zero, one](Env* env) {
    ARROW_RETURN_NOT_OK(PublishTree(env, SweepOptions(scenario, "run-0"), zero).status());
    return PublishTree(env, SweepOptions(scenario, "run-1"), one).status();
  };
  scenario.job = [](Env* env) {
    RollbackOptions options;
    options.target = kSweepTarget;
    options.run = "run-0";
    options.run_id = kSweepRunId;
    return Rollback(env, options).status();
  };
  scenario.retained_with_old = {{"run-0", zero}};
  scenario.retained_with_new = {{"run-0", zero}, {"run-1", one}};
  return scenario;
}

// A publish with a file of what it puts aside.
inline SweepScenario QuarantineScenario(const std::string& name, TargetKind kind, PublishMode mode,
                                        FileSystemFeatures features) {
  const bool is_file = kind == TargetKind::kSingleFile;
  SweepScenario scenario;
  scenario.name = name;
  scenario.kind = kind;
  scenario.mode = mode;
  scenario.staged = scenario.new_tree = Tree{{is_file ? "" : "y=2/b.parquet", "new"}};
  scenario.features = features;
  scenario.quarantined_with_new = "rejects";
  if (mode == PublishMode::kCreate) return scenario;
  scenario.old_tree = Tree{{is_file ? "" : "y=1/a.parquet", "old"}};
  // The directory has to be made where there was none; where there was one, it stays.
  if (is_file) return scenario;
  scenario.quarantined_with_old = "old rejects";
  scenario.prepare = [scenario](Env* env) {
    TransactionOptions options = SweepOptions(scenario, "run-1");
    options.mode = PublishMode::kCreate;
    return PublishWithRejects(env, options, *scenario.old_tree, scenario.quarantined_with_old);
  };
  return scenario;
}

// All files wait for the sync of the file system, which is then the only one that they get.
inline SweepScenario SyncedAsOneScenario(SweepScenario scenario) {
  scenario.name += "_synced_as_one";
  scenario.files_synced_alone = 0;
  return scenario;
}

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
      SyncedAsOneScenario(
          {"create", kDataset, PublishMode::kCreate, std::nullopt, staged, staged, {}}),
      SyncedAsOneScenario({"append", kDataset, PublishMode::kAppend, old_tree, staged, both, {}}),
      SyncedAsOneScenario(RetainScenario("overwrite_retain", poor)),
      RetainScenario("overwrite_retain", {}),
      RetainScenario("overwrite_retain_poor", poor),
      RollbackScenario("rollback", {}),
      RollbackScenario("rollback_poor", poor),
      QuarantineScenario("create_quarantine", kDataset, PublishMode::kCreate, {}),
      QuarantineScenario("overwrite_quarantine_poor", kDataset, PublishMode::kOverwrite, poor),
      QuarantineScenario("file_quarantine", kFile, PublishMode::kOverwrite, {}),
      QuarantineScenario("file_quarantine_poor", kFile, PublishMode::kCreate, poor),
  };
}

}  // namespace headrace
