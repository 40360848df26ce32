// Publishing a dataset directory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commit/journal.h"
#include "commit/kept_files.h"
#include "commit/quarantine.h"
#include "commit/side_directory.h"
#include "commit/staging_area.h"

namespace headrace {

// Role, threads and errors: as Transaction. Invariants:
//  1. Until the rename, nothing outside of the side directory changes.
//  2. Everything the rename will show, and the journal, is durable before it.
//  3. The losing tree is removed only after the rename is durable and stands in the ledger.
class DatasetTransaction : public Transaction {
 public:
  // `options.target` is resolved already.
  static Result<std::unique_ptr<Transaction>> Begin(Env* env, TransactionOptions options);
  // A transaction that puts back what the retained generation at `generation` holds, which the run
  // of `restored` wrote; Publish takes that run's figures. `side` is locked and recovered.
  static Result<std::unique_ptr<Transaction>> BeginRollback(Env* env, TransactionOptions options,
                                                            std::unique_ptr<SideDirectory> side,
                                                            std::vector<std::string> notes,
                                                            const std::string& generation,
                                                            const JournalRecord& restored);
  ~DatasetTransaction() override;

  Result<std::unique_ptr<WritableFile>> OpenStaged(const std::string& relative_path,
                                                   OpenMode mode) override;
  const TransactionOptions& options() const override { return options_; }
  StagedOutput* quarantine() override { return &quarantine_; }
  const std::optional<PublishInfo>& published_before() const override { return published_before_; }
  Status Prepare(const PublishInfo& info, const GroupPlace& group) override;
  Status SwapIn() override;
  PublishOutcome Finish() override;
  std::string marker() const override { return directory_; }
  void LeaveToRecovery() override { state_ = State::kUnknown; }

 private:
  enum class State : uint8_t { kStaged, kPublished, kUnknown };

  // `kept_from`: where files that stay are linked from.
  DatasetTransaction(Env* env, TransactionOptions options, std::unique_ptr<SideDirectory> side,
                     std::vector<std::string> notes, std::string kept_from);
  const DatasetLayout& layout() const { return side_->layout(); }
  bool durable() const { return options_.durability == Durability::kFull; }

  Status FindPublishedBefore();
  Status MakeDirectories();
  // The steps of Prepare, in their order.
  Status WriteDown(const PublishInfo& info, const GroupPlace& group);
  Status LearnOldGeneration(const std::optional<FileStat>& target);
  Status KeepOldFiles(const PublishInfo& info);
  KeptContent LearnKeptContent() const;
  Status SyncBeforeRename();

  bool is_member() const { return !record_.group.empty(); }  // of a group
  Status RenameIntoPlace();
  Status RenameNew();
  Status RenameTwice();
  Status LearnOutcome(const Status& renamed);
  // The same where nothing stands at the target any more.
  Status SettleWithoutTarget(const Status& renamed);

  Env* env_;
  const TransactionOptions options_;
  std::unique_ptr<SideDirectory> side_;
  const std::string directory_;
  const std::string generation_;
  const std::string kept_from_;
  StagingArea staging_;
  Quarantine quarantine_;
  State state_ = State::kStaged;
  JournalRecord record_;
  std::optional<JournalRecord> last_;      // of the ledger, just before the publish
  std::optional<JournalRecord> restored_;  // of a rollback: who wrote what comes back
  std::optional<PublishInfo> published_before_;
  std::vector<std::string> notes_;
};

}  // namespace headrace
