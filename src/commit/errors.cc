#include "commit/errors.h"

namespace headrace {

Status CommitError(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  const ErrorKind kind = GetErrorKind(status);
  const bool by_env = kind == ErrorKind::kSource ||
                      (kind == ErrorKind::kSink && GetErrorCode(status) < kTargetExists);
  if (!by_env) return WithContext(status, context);
  return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode, "{}: {}", context,
                   status.message());
}

Status RenameOutcomeUnknown(std::string_view thing, const std::string& target,
                            const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "it is not known whether the rename happened: {}: {}; the old or the new {} is "
                   "there, whole: look at it, or run the same job again",
                   target, cause.message(), thing);
}

Status NotKnownDurable(std::string_view thing, const std::string& target, const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "the new {} is visible but could not be made durable: {}: {}; after a loss of "
                   "power it may be the old one, whole; check the disk and run again",
                   thing, target, cause.message());
}

}  // namespace headrace
