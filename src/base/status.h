// Error kinds on arrow::Status: the only error channel inside headrace.
//
// Every failure carries an ErrorKind (which maps 1:1 to an exit code) and a stable number (printed
// as E0412). Messages are one line: what failed, where, why, and what to do. Static text first,
// values last.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace headrace {

using arrow::Result;
using arrow::Status;

enum class ErrorKind : uint8_t {
  kInternal,
  kUsage,
  kInvalidPlan,
  kInvalidConfig,
  kBadInput,
  kCheckFailed,
  kOutOfMemory,
  kOutOfDisk,
  kSource,  // a source that cannot be opened or read
  kNetwork,
  kSink,  // a target that cannot be written
  kCommitFailed,
  kCommitUnknown,
  kLocked,
  kCancelled,
};

// Exit code of the command for each kind (CONTRACT: 0 ok, 1 internal, 2 usage, ...).
int ExitCode(ErrorKind kind);
// The same for a status: 0 when OK; a cancelled run ends with the conventional code of its signal,
// which is its number (130 SIGINT, 143 SIGTERM).
int ExitCode(const Status& status);
std::string_view ErrorKindName(ErrorKind kind);

// Stable numbers by range: 1xx usage and configuration, 2xx plans and expressions, 3xx opening and
// listing inputs, 4xx bad text input, 5xx bad Parquet or Arrow input, 6xx sink and commit, 7xx
// memory and disk, 8xx locks, 9xx internal.
using ErrorCode = int;

// Numbers of cancelled runs, 128 plus the signal's.
inline constexpr ErrorCode kInterruptedCode = 130;
inline constexpr ErrorCode kTerminatedCode = 143;

Status MakeErrorFromMessage(ErrorKind kind, ErrorCode code, std::string message);

template <typename... Args>
Status MakeError(ErrorKind kind, ErrorCode code, fmt::format_string<Args...> text, Args&&... args) {
  return MakeErrorFromMessage(kind, code, fmt::format(text, std::forward<Args>(args)...));
}

// Kind and number of a failed status. A status that none of our code made (Arrow's own) maps by its
// Arrow code: OutOfMemory, IOError, Cancelled, Invalid and so on; its number is 0.
ErrorKind GetErrorKind(const Status& status);
ErrorCode GetErrorCode(const Status& status);

// Same failure with `context` put before the message ("in stage csv, file a.csv"). Kind and number
// stay.
Status WithContext(const Status& status, std::string_view context);

// Same failure, given a kind and number if it has none of ours yet. For the seam to a library.
Status WithKind(const Status& status, ErrorKind kind, ErrorCode code, std::string_view context);

// Same failure, carrying a few lines of source text with a caret below the place. The one-line
// message stays as it is.
Status WithSnippet(const Status& status, std::string snippet);
// Empty when the failure has none.
std::string GetErrorSnippet(const Status& status);

// One line for people: "error E0412 (bad input): message". Newlines inside the message become
// spaces.
std::string FormatError(const Status& status);

#define HEADRACE_CONCAT_INNER(a, b) a##b
#define HEADRACE_CONCAT(a, b) HEADRACE_CONCAT_INNER(a, b)

// Checks whose violation could publish wrong data: on in every build.
[[noreturn]] void CheckFailed(const char* file, int line, const char* what);
#define HEADRACE_CHECK(condition)                              \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::headrace::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

}  // namespace headrace
