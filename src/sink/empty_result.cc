#include "sink/empty_result.h"

namespace headrace {

Result<bool> NeedsEmptyFile(const StagedOutput& transaction, Env* env) {
  const TransactionOptions& options = transaction.options();
  if (options.kind == TargetKind::kSingleFile) return true;
  if (options.mode == PublishMode::kCreate || options.mode == PublishMode::kOverwrite) return true;
  ARROW_ASSIGN_OR_RAISE(const auto stat, env->Stat(options.target));
  return !stat.has_value();
}

}  // namespace headrace
