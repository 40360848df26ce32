#include "commit/transaction.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "commit/dataset_transaction.h"
#include "commit/errors.h"
#include "commit/group_record.h"
#include "commit/layout.h"
#include "commit/recovery.h"
#include "commit/single_file_transaction.h"
#include "commit/target.h"

namespace headrace {
namespace {

// Run ids become names of files and stand in the ledger as they are; the dot tells the parts of
// such names apart.
bool IsSafeRunId(const std::string& run_id) {
  constexpr size_t kLengthMax = 128;
  constexpr std::string_view kMarks = "-_+:=@,~";
  const auto is_allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  };
  return !run_id.empty() && run_id.size() <= kLengthMax &&
         std::all_of(run_id.begin(), run_id.end(), is_allowed);
}

Status RecoverDatasetAt(Env* env, const std::string& target, RecoveryOutcome* outcome) {
  DatasetLayout layout(target);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> side_found, env->Stat(layout.side()));
  if (!side_found) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::unique_ptr<SideDirectory> side,
                        SideDirectory::Lock(env, std::move(layout)));
  return RecoverDataset(env, *side, outcome);
}

Status RecoverSingleFileAt(Env* env, const std::string& target, RecoveryOutcome* outcome) {
  ARROW_ASSIGN_OR_RAISE(const bool has_leftovers, SingleFileLock::HasLeftovers(env, target));
  if (!has_leftovers) return Status::OK();
  const size_t actions = outcome->actions.size();
  ARROW_RETURN_NOT_OK(SingleFileLock::LockAndRecover(env, target, outcome).status());
  if (outcome->actions.size() == actions) {
    outcome->actions.emplace_back("removed the lock file of a run that died");
  }
  return Status::OK();
}

Status RecoverWithGroups(Env* env, const std::string& target, RecoveryOutcome* outcome) {
  std::vector<std::string> targets = {target};
  std::vector<std::string> groups;
  for (size_t i = 0; i < targets.size(); ++i) {
    ARROW_RETURN_NOT_OK(RecoverDatasetAt(env, targets[i], outcome));
    ARROW_RETURN_NOT_OK(RecoverSingleFileAt(env, targets[i], outcome));
    for (const auto& group : std::exchange(outcome->unfinished_groups, {})) {
      groups.push_back(group.record);
      for (const std::string& other : group.targets) {
        if (std::find(targets.begin(), targets.end(), other) == targets.end()) {
          targets.push_back(other);
        }
      }
    }
  }
  for (const std::string& group : groups) {
    ARROW_ASSIGN_OR_RAISE(const auto unfinished, ForgetGroup(env, group));
    for (const std::string& other : unfinished) {
      outcome->notes.push_back(
          fmt::format("not finished: {} cannot be seen now; mount it, then recover again", other));
    }
  }
  return Status::OK();
}

}  // namespace

Status CheckRunId(const std::string& run_id) {
  if (IsSafeRunId(run_id)) return Status::OK();
  return MakeError(ErrorKind::kUsage, kRunIdNotUsable,
                   "a run id consists of at most 128 letters, digits and - _ + : = @ , ~ (no dots, "
                   "slashes or blanks); choose another: '{}'",
                   run_id);
}

Result<std::unique_ptr<Transaction>> Transaction::Begin(Env* env, TransactionOptions options) {
  if (options.run_id.empty()) options.run_id = NewRunId();
  ARROW_RETURN_NOT_OK(CheckRunId(options.run_id));
  if (options.mode == PublishMode::kRollback) {
    return MakeError(ErrorKind::kInternal, kStagingMisused,
                     "a rollback stages nothing of its own: {}", options.target);
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

const std::optional<PublishInfo>& Transaction::published_before() const {
  static const std::optional<PublishInfo> kNothing;
  return kNothing;
}

Result<PublishOutcome> Transaction::Publish(const PublishInfo& info) {
  ARROW_RETURN_NOT_OK(Prepare(info, GroupPlace()));
  ARROW_RETURN_NOT_OK(SwapIn());
  return Finish();
}

Result<RecoveryOutcome> Recover(Env* env, const std::string& target) {
  const Result<ResolvedTarget> resolved = ResolveTarget(env, target);
  ARROW_RETURN_NOT_OK(TargetError(resolved.status(), "cannot recover"));
  RecoveryOutcome outcome;
  ARROW_RETURN_NOT_OK(
      TargetError(RecoverWithGroups(env, resolved->path, &outcome), "cannot recover"));
  return outcome;
}

}  // namespace headrace
