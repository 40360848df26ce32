// Writing and reading whole datasets through an Env, for tests that compare them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "commit/transaction.h"

namespace headrace {

// Relative path -> content.
using Tree = std::map<std::string, std::string>;

// What most tests of this room publish, and what stood there before: one partition goes, one
// changes, one is new.
inline constexpr char kTarget[] = "/data/out";
inline const Tree kOld = {{"y=1/a.parquet", "old 1"}, {"y=2/a.parquet", "old 2"}};
inline const Tree kNew = {{"y=2/b.parquet", "new 2"}, {"y=3/b.parquet", "new 3"}};

// Every file below `directory`; the file alone, under "", when it is one; empty when nothing is
// there.
inline Result<Tree> ReadTree(Env* env, const std::string& directory,
                             const std::string& below = "") {
  Tree tree;
  const std::string path = JoinPath(directory, below);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(path));
  if (!found) return tree;
  if (found->type == FileType::kFile) {
    ARROW_ASSIGN_OR_RAISE(tree[below], env->ReadWholeFile(path, 1 << 20));
    return tree;
  }
  ARROW_ASSIGN_OR_RAISE(const std::vector<DirectoryEntry> entries, env->List(path));
  for (const DirectoryEntry& entry : entries) {
    ARROW_ASSIGN_OR_RAISE(const Tree part, ReadTree(env, directory, JoinPath(below, entry.name)));
    tree.insert(part.begin(), part.end());
  }
  return tree;
}

// Stages every file of `tree` the way a sink does: write, sync by durability, close.
inline Status StageTree(StagedOutput* transaction, const Tree& tree) {
  for (const auto& [path, content] : tree) {
    ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<WritableFile> file,
                          transaction->OpenStaged(path, OpenMode::kTruncate));
    ARROW_RETURN_NOT_OK(file->Append(content.data(), static_cast<int64_t>(content.size())));
    if (transaction->options().durability == Durability::kFull) ARROW_RETURN_NOT_OK(file->Sync());
    ARROW_RETURN_NOT_OK(file->Close());
  }
  return Status::OK();
}

inline Result<PublishOutcome> PublishTree(Env* env, const TransactionOptions& options,
                                          const Tree& tree) {
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<Transaction> transaction,
                        Transaction::Begin(env, options));
  ARROW_RETURN_NOT_OK(StageTree(transaction.get(), tree));
  PublishInfo info;
  info.files = static_cast<int64_t>(tree.size());
  return transaction->Publish(info);
}

}  // namespace headrace
