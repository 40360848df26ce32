#include "commit/rollback.h"

#include <algorithm>

#include "base/ids.h"
#include "commit/dataset_transaction.h"
#include "commit/errors.h"
#include "commit/generations.h"
#include "commit/ledger.h"
#include "commit/recovery.h"
#include "commit/target.h"

namespace headrace {
namespace {

constexpr int64_t kRetainSecondsAtLeast = int64_t{24} * 60 * 60;

Status CheckIsNotCurrent(Env* env, const DatasetLayout& layout, const JournalRecord& last,
                         const std::string& run) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> target, env->Stat(layout.target()));
  const bool is_current = target && target->inode == last.new_inode &&
                          (last.run_id == run || last.rolled_back_to == run);
  if (!is_current) return Status::OK();
  return MakeError(
      ErrorKind::kSink, kRunIsCurrent,
      "the dataset is what run {} wrote already, so there is nothing to go back to: {}", run,
      layout.target());
}

Result<std::string> FindGeneration(Env* env, const DatasetLayout& layout, const std::string& run) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<RetainedGeneration> generations,
                        ListGenerations(env, layout));
  for (const RetainedGeneration& generation : generations) {
    if (generation.run_id == run) return JoinPath(layout.generations(), generation.name);
  }
  return MakeError(ErrorKind::kSink, kGenerationGone,
                   "what run {} wrote is not kept any more, or never was: {}; headrace history "
                   "shows the runs that can be rolled back to, and --retain keeps what the next "
                   "run replaces",
                   run, layout.target());
}

TransactionOptions TransactionOf(const RollbackOptions& options, const std::string& target,
                                 const JournalRecord& last) {
  TransactionOptions transaction;
  transaction.target = target;
  transaction.mode = PublishMode::kRollback;
  transaction.durability = options.durability;
  transaction.run_id = options.run_id.empty() ? NewRunId() : options.run_id;
  transaction.retain_seconds =
      options.retain_seconds.value_or(std::max(kRetainSecondsAtLeast, last.retain_seconds));
  return transaction;
}

struct RollbackBegun {
  std::unique_ptr<Transaction> transaction;
  JournalRecord restored;
};

// Under the lock from here on: what is found stays so.
Result<RollbackBegun> Begin(Env* env, const RollbackOptions& options, const std::string& target) {
  DatasetLayout layout(target);
  ARROW_ASSIGN_OR_RAISE(const std::optional<FileStat> found, env->Stat(layout.ledger()));
  if (!found) return NoHistory(target);
  std::vector<std::string> notes;
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<SideDirectory> side, LockAndRecover(env, layout, &notes));
  ARROW_ASSIGN_OR_RAISE(const std::optional<JournalRecord> last,
                        LastLedgerRecord(env, layout.ledger()));
  if (!last) return NoHistory(target);
  ARROW_ASSIGN_OR_RAISE(const std::string run, ResolveRun(env, layout.ledger(), options.run));
  ARROW_RETURN_NOT_OK(CheckIsNotCurrent(env, layout, *last, run));
  ARROW_ASSIGN_OR_RAISE(const std::string generation, FindGeneration(env, layout, run));
  ARROW_ASSIGN_OR_RAISE(std::optional<JournalRecord> restored,
                        FindInLedger(env, layout.ledger(), run));
  HEADRACE_CHECK(restored.has_value());
  RollbackBegun begun;
  begun.restored = std::move(*restored);
  ARROW_ASSIGN_OR_RAISE(
      begun.transaction,
      DatasetTransaction::BeginRollback(env, TransactionOf(options, target, *last), std::move(side),
                                        std::move(notes), generation, begun.restored));
  return begun;
}

}  // namespace

Result<RollbackOutcome> Rollback(Env* env, const RollbackOptions& options) {
  if (!options.run_id.empty()) ARROW_RETURN_NOT_OK(CheckRunId(options.run_id));
  const Result<ResolvedTarget> resolved = ResolveTarget(env, options.target);
  ARROW_RETURN_NOT_OK(TargetError(resolved.status(), "cannot roll back"));
  Result<RollbackBegun> begun = Begin(env, options, resolved->path);
  ARROW_RETURN_NOT_OK(TargetError(begun.status(), "cannot roll back"));
  // The figures are those of what stands there again; no input was read for it.
  PublishInfo info = begun->restored.info;
  info.inputs.clear();
  const std::string run_id = begun->transaction->options().run_id;
  ARROW_ASSIGN_OR_RAISE(PublishOutcome published, begun->transaction->Publish(info));
  RollbackOutcome outcome;
  outcome.run_id = run_id;
  outcome.restored_run = begun->restored.run_id;
  outcome.replaced_run = std::move(published.replaced_run);
  outcome.retained_as = std::move(published.retained_as);
  outcome.files = published.kept_files;
  outcome.notes = std::move(published.notes);
  return outcome;
}

}  // namespace headrace
