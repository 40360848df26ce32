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

}  // namespace headrace
