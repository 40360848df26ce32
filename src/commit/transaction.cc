#include "commit/transaction.h"

#include "base/ids.h"
#include "commit/dataset_transaction.h"
#include "commit/errors.h"
#include "commit/layout.h"
#include "commit/recovery.h"
#include "commit/single_file_transaction.h"
#include "commit/target.h"

namespace headrace {
namespace {

// Run ids become names of files, and the dot tells temporaries of different targets apart.
bool IsSafeRunId(const std::string& run_id) {
  return !run_id.empty() && run_id.find_first_of("./") == std::string::npos;
}

Status RecoverDatasetAt(Env* env, const std::string& target, RecoveryOutcome* outcome) {
  DatasetLayout layout(target);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> side_found, env->Stat(layout.side()));
  if (!side_found) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<SideDirectory> side,
                        SideDirectory::Lock(env, std::move(layout)));
  ARROW_ASSIGN_OR_RAISE(*outcome, RecoverDataset(env, *side));
  return Status::OK();
}

Status RecoverSingleFileAt(Env* env, const std::string& target, RecoveryOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const bool has_leftovers, SingleFileLock::HasLeftovers(env, target));
  if (!has_leftovers) return Status::OK();
  return SingleFileLock::LockAndRecover(env, target, &outcome->transactions_rolled_back).status();
}

}  // namespace

Result<std::unique_ptr<Transaction>> Transaction::Begin(Env* env, TransactionOptions options) {
  if (options.run_id.empty()) options.run_id = NewRunId();
  if (!IsSafeRunId(options.run_id)) {
    return MakeError(ErrorKind::kUsage, kRunIdNotUsable,
                     "a run id must not hold dots or slashes: '{}'", options.run_id);
  }
  const Result<ResolvedTarget> resolved = ResolveTarget(env, options.target);
  ARROW_RETURN_NOT_OK(TargetError(resolved.status(), "cannot begin to publish"));
  options.target = resolved->path;
  Result<std::unique_ptr<Transaction>> transaction =
      options.kind == TargetKind::kDataset ? DatasetTransaction::Begin(env, std::move(options))
                                           : SingleFileTransaction::Begin(env, std::move(options));
  ARROW_RETURN_NOT_OK(TargetError(transaction.status(), "cannot begin to publish"));
  return transaction;
}

Result<RecoveryOutcome> Recover(Env* env, const std::string& target) {
  const Result<ResolvedTarget> resolved = ResolveTarget(env, target);
  ARROW_RETURN_NOT_OK(TargetError(resolved.status(), "cannot recover"));
  RecoveryOutcome outcome;
  ARROW_RETURN_NOT_OK(
      TargetError(RecoverDatasetAt(env, resolved->path, &outcome), "cannot recover"));
  ARROW_RETURN_NOT_OK(
      TargetError(RecoverSingleFileAt(env, resolved->path, &outcome), "cannot recover"));
  return outcome;
}

}  // namespace headrace
