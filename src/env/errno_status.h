// errno as a Status: one line with what failed, the path, the system call, the reason and what to
// do.
#pragma once

#include <string_view>

#include "base/status.h"

namespace headrace {

// Numbers of the failures made here. Callers tell failures apart by IsAlreadyExists and
// IsNotSupported.
inline constexpr ErrorCode kNotFoundToRead = 301;
inline constexpr ErrorCode kNotPermittedToRead = 302;
inline constexpr ErrorCode kCannotRead = 303;
inline constexpr ErrorCode kNotAFile = 304;
inline constexpr ErrorCode kCannotWrite = 601;
inline constexpr ErrorCode kExistsAlready = 602;
inline constexpr ErrorCode kNotSupported = 603;
inline constexpr ErrorCode kNotPermittedToWrite = 604;
inline constexpr ErrorCode kNotFoundToWrite = 605;
inline constexpr ErrorCode kDiskFull = 702;

// `what` is the static text ("cannot open file"), `call` the name of the system call.
Status ReadError(int error_number, std::string_view what, std::string_view call,
                 std::string_view path);
Status WriteError(int error_number, std::string_view what, std::string_view call,
                  std::string_view path);
// For rename and link alone: there EINVAL and its like mean that the file system cannot do it.
Status LinkError(int error_number, std::string_view what, std::string_view call,
                 std::string_view from, std::string_view to);
// For flock alone: there ENOLCK and its like mean that the file system has no locks.
Status LockError(int error_number, std::string_view what, std::string_view call,
                 std::string_view path);

}  // namespace headrace
