#include "base/status.h"

#include <cstdio>
#include <cstdlib>

#include "base/one_line.h"

namespace headrace {
namespace {

constexpr char kDetailTypeId[] = "headrace::ErrorDetail";

class ErrorDetail : public arrow::StatusDetail {
 public:
  ErrorDetail(ErrorKind kind, ErrorCode code, std::string snippet = {})
      : kind_(kind), code_(code), snippet_(std::move(snippet)) {}
  const char* type_id() const override { return kDetailTypeId; }
  std::string ToString() const override {
    return fmt::format("E{:04} ({})", code_, ErrorKindName(kind_));
  }
  ErrorKind kind() const { return kind_; }
  ErrorCode code() const { return code_; }
  const std::string& snippet() const { return snippet_; }

 private:
  ErrorKind kind_;
  ErrorCode code_;
  std::string snippet_;
};

const ErrorDetail* DetailOf(const Status& status) {
  const auto& detail = status.detail();
  if (detail && std::string_view(detail->type_id()) == kDetailTypeId) {
    return static_cast<const ErrorDetail*>(detail.get());
  }
  return nullptr;
}

arrow::StatusCode ArrowCode(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kOutOfMemory:
      return arrow::StatusCode::OutOfMemory;
    case ErrorKind::kCancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorKind::kOutOfDisk:
    case ErrorKind::kSource:
    case ErrorKind::kNetwork:
    case ErrorKind::kSink:
    case ErrorKind::kCommitFailed:
    case ErrorKind::kCommitUnknown:
    case ErrorKind::kLocked:
      return arrow::StatusCode::IOError;
    case ErrorKind::kInternal:
      return arrow::StatusCode::UnknownError;
    default:
      return arrow::StatusCode::Invalid;
  }
}

}  // namespace

int ExitCode(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
      return 1;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInvalidPlan:
    case ErrorKind::kInvalidConfig:
      return 3;
    case ErrorKind::kSource:
    case ErrorKind::kNetwork:
      return 4;
    case ErrorKind::kCheckFailed:
      return 5;
    case ErrorKind::kSink:
    case ErrorKind::kCommitFailed:
    case ErrorKind::kCommitUnknown:
      return 6;
    case ErrorKind::kOutOfMemory:
    case ErrorKind::kOutOfDisk:
      return 7;
    case ErrorKind::kLocked:
      return 8;
    case ErrorKind::kBadInput:
      return 9;
    case ErrorKind::kCancelled:
      return 130;
  }
  return 1;
}

int ExitCode(const Status& status) {
  if (status.ok()) return 0;
  const ErrorKind kind = GetErrorKind(status);
  return kind == ErrorKind::kCancelled && GetErrorCode(status) == kTerminatedCode ? kTerminatedCode
                                                                                  : ExitCode(kind);
}

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
      return "internal";
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kInvalidPlan:
      return "invalid plan";
    case ErrorKind::kInvalidConfig:
      return "invalid configuration";
    case ErrorKind::kBadInput:
      return "bad input";
    case ErrorKind::kCheckFailed:
      return "check failed";
    case ErrorKind::kOutOfMemory:
      return "out of memory";
    case ErrorKind::kOutOfDisk:
      return "out of disk";
    case ErrorKind::kSource:
      return "source";
    case ErrorKind::kNetwork:
      return "network";
    case ErrorKind::kSink:
      return "sink";
    case ErrorKind::kCommitFailed:
      return "commit failed";
    case ErrorKind::kCommitUnknown:
      return "commit state unknown";
    case ErrorKind::kLocked:
      return "locked";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "internal";
}

Status MakeErrorFromMessage(ErrorKind kind, ErrorCode code, std::string message) {
  return Status(ArrowCode(kind), std::move(message), std::make_shared<ErrorDetail>(kind, code));
}

ErrorKind GetErrorKind(const Status& status) {
  if (const auto* detail = DetailOf(status)) return detail->kind();
  switch (status.code()) {
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return ErrorKind::kOutOfMemory;
    case arrow::StatusCode::Cancelled:
      return ErrorKind::kCancelled;
    case arrow::StatusCode::IOError:
      return ErrorKind::kSource;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::SerializationError:
      return ErrorKind::kBadInput;
    case arrow::StatusCode::NotImplemented:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::KeyError:
      return ErrorKind::kInvalidPlan;
    default:
      return ErrorKind::kInternal;
  }
}

ErrorCode GetErrorCode(const Status& status) {
  const auto* detail = DetailOf(status);
  return detail ? detail->code() : 0;
}

Status WithContext(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  return Status(status.code(), fmt::format("{}: {}", context, status.message()), status.detail());
}

Status WithKind(const Status& status, ErrorKind kind, ErrorCode code, std::string_view context) {
  if (status.ok()) return status;
  if (DetailOf(status)) return context.empty() ? status : WithContext(status, context);
  if (status.IsOutOfMemory()) {
    kind = ErrorKind::kOutOfMemory;
    code = 701;
  }
  return MakeErrorFromMessage(
      kind, code,
      context.empty() ? status.message() : fmt::format("{}: {}", context, status.message()));
}

Status WithSnippet(const Status& status, std::string snippet) {
  if (status.ok()) return status;
  return Status(status.code(), status.message(),
                std::make_shared<ErrorDetail>(GetErrorKind(status), GetErrorCode(status),
                                              std::move(snippet)));
}

std::string GetErrorSnippet(const Status& status) {
  const auto* detail = DetailOf(status);
  return detail ? detail->snippet() : std::string();
}

std::string FormatError(const Status& status) {
  const std::string message = status.message().empty() ? status.CodeAsString() : status.message();
  return fmt::format("error E{:04} ({}): {}", GetErrorCode(status),
                     ErrorKindName(GetErrorKind(status)), OneLine(message));
}

void CheckFailed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "error E0900 (internal): check failed at %s:%d: %s\n", file, line, what);
  std::fflush(stderr);
  // An abort leaves the target untouched: nothing is visible before the single rename of a publish.
  std::abort();
}

}  // namespace headrace
