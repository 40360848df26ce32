#include "env/errno_status.h"

#include <cerrno>
#include <system_error>

#include "env/env.h"

namespace headrace {
namespace {

std::string_view Advice(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "; check that the path exists";
    case ENOTDIR:
      return "; a part of the path is not a directory";
    case EACCES:
    case EPERM:
      return "; check owner and permissions";
    case EROFS:
      return "; choose a target that is not mounted read-only";
    case ENOSPC:
      return "; free space or choose another disk";
    case EDQUOT:
      return "; free space within the quota or choose another disk";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    case ENAMETOOLONG:
      return "; shorten the path or the partition values";
    case EISDIR:
      return "; name a file, not a directory";
    case ELOOP:
      return "; the symbolic links form a loop";
    case EIO:
      return "; check the disk (kernel log)";
    default:
      return "";
  }
}

Status ErrnoError(ErrorKind kind, ErrorCode code, int error_number, std::string_view what,
                  std::string_view call, std::string_view path) {
  if (error_number == ENOSPC || error_number == EDQUOT) {
    kind = ErrorKind::kOutOfDisk;
    code = kDiskFull;
  }
  return MakeError(kind, code, "{}: {}: {} ({}){}", what, path,
                   std::generic_category().message(error_number), call, Advice(error_number));
}

ErrorCode WriteCode(int error_number) {
  switch (error_number) {
    case EEXIST:
    case ENOTEMPTY:
      return kExistsAlready;
    case EACCES:
    case EPERM:
    case EROFS:
      return kNotPermittedToWrite;
    case ENOENT:
    case ENOTDIR:
      return kNotFoundToWrite;
    default:
      return kCannotWrite;
  }
}

bool MeansNotSupported(int error_number) {
  return error_number == EINVAL || error_number == ENOSYS || error_number == EOPNOTSUPP ||
         error_number == EXDEV;
}

}  // namespace

Status ReadError(int error_number, std::string_view what, std::string_view call,
                 std::string_view path) {
  ErrorCode code = kCannotRead;
  if (error_number == ENOENT || error_number == ENOTDIR) code = kNotFoundToRead;
  if (error_number == EACCES || error_number == EPERM) code = kNotPermittedToRead;
  if (error_number == EISDIR) code = kNotAFile;
  return ErrnoError(ErrorKind::kSource, code, error_number, what, call, path);
}

Status WriteError(int error_number, std::string_view what, std::string_view call,
                  std::string_view path) {
  return ErrnoError(ErrorKind::kSink, WriteCode(error_number), error_number, what, call, path);
}

Status LinkError(int error_number, std::string_view what, std::string_view call,
                 std::string_view from, std::string_view to) {
  const ErrorCode code = MeansNotSupported(error_number) ? kNotSupported : WriteCode(error_number);
  return ErrnoError(ErrorKind::kSink, code, error_number, what, call,
                    fmt::format("{} -> {}", from, to));
}

Status LockError(int error_number, std::string_view what, std::string_view call,
                 std::string_view path) {
  const bool no_locks = error_number == ENOLCK || MeansNotSupported(error_number);
  const ErrorCode code = no_locks ? kNotSupported : WriteCode(error_number);
  return ErrnoError(ErrorKind::kSink, code, error_number, what, call, path);
}

bool IsAlreadyExists(const Status& status) { return GetErrorCode(status) == kExistsAlready; }

bool IsNotSupported(const Status& status) { return GetErrorCode(status) == kNotSupported; }

}  // namespace headrace
