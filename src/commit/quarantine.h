// The file of records that a run puts aside, published and undone with the run.
//
// It is staged out of sight and renamed to .NAME.headrace/quarantine/<run id>.parquet when all else
// is durable, also what tells that the run is at work, and just before the target is switched.
// Whoever undoes the run removes it there before what tells that the run was at work, so it is
// there if and only if the run was published.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "commit/staging_area.h"
#include "commit/transaction.h"

namespace headrace {

// Role: the staged file and the way to its place. Owner: a transaction. Threads: OpenStaged from
// any; the rest from one. Errors: the Env's.
class Quarantine : public StagedOutput {
 public:
  // `target` is that of the transaction; the file is staged at `staged_path` beside or below it.
  Quarantine(Env* env, const TransactionOptions& target, std::string staged_path);

  Result<std::unique_ptr<WritableFile>> OpenStaged(const std::string& relative_path,
                                                   OpenMode mode) override;
  // A single file, whose target is its place.
  const TransactionOptions& options() const override { return options_; }

  // The steps of a publish. Without a staged file they do nothing. Between MakePlace and PutInPlace
  // the side directory and, for a single file, the one above it are to be synced.
  Status CheckComplete() const;
  Status MakePlace();
  Status PutInPlace();
  bool is_staged() const { return is_staged_.load(); }
  // Takes back what of them was done; what cannot be taken back now is left to recovery.
  Status TakeBack();

 private:
  Env* const env_;
  const std::string target_;  // of the transaction
  const TargetKind kind_;
  const std::string staged_path_;
  const TransactionOptions options_;
  StagingArea staging_;
  std::atomic<bool> is_staged_{false};
  bool is_placed_ = false;  // or was about to be
};

// Removes what the run of this id put aside there, as it was not published. Durable when it
// returns.
Status RemoveQuarantined(Env* env, const std::string& target, const std::string& run_id,
                         TargetKind kind);

}  // namespace headrace
