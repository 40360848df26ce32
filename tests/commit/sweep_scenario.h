// What the crash sweep publishes, over what, on which kind of file system, and what must be there
// afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

inline TransactionOptions SweepOptions(const SweepScenario& scenario, const std::string& run_id) {
  TransactionOptions options;
  options.target = kSweepTarget;
  options.kind = scenario.kind;
  options.mode = scenario.mode;
  options.run_id = run_id;
  return options;
}

}  // namespace headrace
