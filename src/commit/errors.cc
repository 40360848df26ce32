#include "commit/errors.h"

namespace headrace {

Status TargetError(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  if (GetErrorKind(status) != ErrorKind::kSource) return WithContext(status, context);
  return MakeError(ErrorKind::kSink, kTargetNotReadable, "{}: {}", context, status.message());
}

Status CommitError(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  const ErrorKind kind = GetErrorKind(status);
  const bool by_env = kind == ErrorKind::kSource ||
                      (kind == ErrorKind::kSink && GetErrorCode(status) < kTargetExists);
  if (!by_env) return WithContext(status, context);
  return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode, "{}: {}", context,
                   status.message());
}

Status NoHistory(const std::string& target) {
  return MakeError(
      ErrorKind::kSink, kNoHistory,
      "no dataset was published there by headrace, so it has no history: {}; check the "
      "path (a single file keeps none)",
      target);
}

Status NoFileLocks(const std::string& target, const Status& cause) {
  return MakeError(ErrorKind::kSink, kNoFileLocks,
                   "the target's file system has no file locks, without which two runs could "
                   "destroy each other's work: {}: {}; mount it with locks (flock), or publish on "
                   "another file system",
                   target, cause.message());
}

Status RenameOutcomeUnknown(std::string_view thing, const std::string& target,
                            const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "it is not known whether the rename happened: {}: {}; the old or the new {} is "
                   "there, whole: look at it, or run the same job again",
                   target, cause.message(), thing);
}

Status CannotBeRenamed(const std::string& target, const Status& cause) {
  return MakeError(ErrorKind::kCommitFailed, kCommitFailedCode,
                   "the dataset's directory cannot be renamed, as in a lower "
                   "layer of an overlay (a container image): make it anew once (cp -a, rm -r, mv), "
                   "keep it on a volume, or choose another target: {}: {}",
                   target, cause.message());
}

Status OldDatasetSetAside(const std::string& target, const std::string& old_path,
                          const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "the new dataset could not be put in place, nor the old one back: {}: {}; the "
                   "old dataset stands, whole, in {}: run the same job again, which restores it "
                   "first",
                   target, cause.message(), old_path);
}

Status TargetVanished(const std::string& target, const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "no dataset is there any more, neither the old one nor the new: {}: {}; look "
                   "which program moved it away, or run the same job again",
                   target, cause.message());
}

Status NotSwitched(const std::string& target, const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode, "{}: {}", target,
                   cause.message());
}

Status NotKnownDurable(std::string_view thing, const std::string& target, const Status& cause) {
  return MakeError(ErrorKind::kCommitUnknown, kCommitUnknownCode,
                   "the new {} is visible but could not be made durable: {}: {}; after a loss of "
                   "power it may be the old one, whole; check the disk and run again",
                   thing, target, cause.message());
}

}  // namespace headrace
