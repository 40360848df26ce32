// The lock of a single-file target, and what runs that died left beside it.
#pragma once

#include <memory>
#include <string>

#include "commit/group_record.h"
#include "commit/transaction.h"

namespace headrace {

// Role: the lock of a single-file target, beside it while a run lasts. The destructor removes it.
class SingleFileLock {
 public:
  // Locks, and finishes or undoes what runs that died left.
  static Result<std::unique_ptr<SingleFileLock>> LockAndRecover(Env* env, const std::string& target,
                                                                RecoveryOutcome* outcome);
  // Whether a run that died left anything beside `target`.
  static Result<bool> HasLeftovers(Env* env, const std::string& target);
  ~SingleFileLock();

 private:
  SingleFileLock(Env* env, std::string path, std::unique_ptr<FileLock> lock);
  Env* env_;
  const std::string path_;
  std::unique_ptr<FileLock> lock_;
};

// What a file of a run with several targets keeps beside it from Prepare to the end of Finish: as
// much of a journal as one file needs.
struct SingleFileMember {
  GroupPlace group;  // where the group's record stands
  PublishMode mode = PublishMode::kCreate;
};
Status WriteSingleFileMember(Env* env, const TransactionOptions& options,
                             const SingleFileMember& member);

}  // namespace headrace
