// Publishing one file.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "commit/staging_area.h"
#include "commit/transaction.h"

namespace headrace {

// Role: the lock of a single-file target, beside it while a run lasts. The destructor removes it.
class SingleFileLock {
 public:
  // Locks and removes the temporaries of runs that died; `rolled_back` counts them.
  static Result<std::unique_ptr<SingleFileLock>> LockAndRecover(Env* env, const std::string& target,
                                                                int64_t* rolled_back);
  // Whether a run that died left anything beside `target`.
  static Result<bool> HasLeftovers(Env* env, const std::string& target);
  ~SingleFileLock();

 private:
  SingleFileLock(Env* env, std::string path, std::unique_ptr<FileLock> lock);
  Env* env_;
  const std::string path_;
  std::unique_ptr<FileLock> lock_;
};

// Role, threads and errors: as Transaction. The temporary beside the target is the staging area.
class SingleFileTransaction : public Transaction {
 public:
  // `options.target` is resolved already.
  static Result<std::unique_ptr<Transaction>> Begin(Env* env, TransactionOptions options);
  ~SingleFileTransaction() override;

  Result<std::unique_ptr<WritableFile>> OpenStaged(const std::string& relative_path,
                                                   OpenMode mode) override;
  const TransactionOptions& options() const override { return options_; }
  Result<PublishOutcome> Publish(const PublishInfo& info) override;

 private:
  enum class State : uint8_t { kStaged, kPublished, kUnknown };

  SingleFileTransaction(Env* env, TransactionOptions options, std::unique_ptr<SingleFileLock> lock);
  Result<std::unique_ptr<WritableFile>> OpenTemporary(const std::string& relative_path,
                                                      OpenMode mode);
  Status RenameIntoPlace();
  Status RenameNew();
  Status LearnOutcome(const Status& renamed, uint64_t staged_inode);
  Status SyncParent();

  Env* env_;
  const TransactionOptions options_;
  std::unique_ptr<SingleFileLock> lock_;
  const std::string temporary_;
  StagingArea staging_;
  State state_ = State::kStaged;
  std::vector<std::string> notes_;
};

}  // namespace headrace
