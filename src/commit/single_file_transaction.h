// Publishing one file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commit/quarantine.h"
#include "commit/single_file_lock.h"
#include "commit/staging_area.h"
#include "commit/transaction.h"

namespace headrace {

// Role, threads and errors: as Transaction. The temporary beside the target is the staging area.
class SingleFileTransaction : public Transaction {
 public:
  // `options.target` is resolved already.
  static Result<std::unique_ptr<Transaction>> Begin(Env* env, TransactionOptions options);
  ~SingleFileTransaction() override;

  Result<std::unique_ptr<WritableFile>> OpenStaged(const std::string& relative_path,
                                                   OpenMode mode) override;
  const TransactionOptions& options() const override { return options_; }
  StagedOutput* quarantine() override { return &quarantine_; }
  Status Prepare(const PublishInfo& info, const GroupPlace& group) override;
  Status SwapIn() override;
  PublishOutcome Finish() override;
  std::string marker() const override;
  void LeaveToRecovery() override { state_ = State::kUnknown; }

 private:
  enum class State : uint8_t { kStaged, kPublished, kUnknown };

  SingleFileTransaction(Env* env, TransactionOptions options, std::unique_ptr<SingleFileLock> lock);
  Result<std::unique_ptr<WritableFile>> OpenTemporary(const std::string& relative_path,
                                                      OpenMode mode);
  Status PublishQuarantine();
  Status RenameIntoPlace();
  Status RenameNew();
  Status LearnOutcome(const Status& renamed);
  Status SyncParent();

  Env* env_;
  const TransactionOptions options_;
  std::unique_ptr<SingleFileLock> lock_;
  const std::string temporary_;
  StagingArea staging_;
  Quarantine quarantine_;
  State state_ = State::kStaged;
  uint64_t staged_inode_ = 0;
  bool is_member_ = false;  // of a group; the marker is there, or was begun
  std::vector<std::string> notes_;
};

}  // namespace headrace
