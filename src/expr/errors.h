// Plan errors that point into the expression's text.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expr/ast.h"

namespace headrace::expr {

// Stable numbers of this room.
inline constexpr ErrorCode kSyntaxError = 201;
inline constexpr ErrorCode kUnknownColumn = 202;
inline constexpr ErrorCode kUnknownFunction = 203;
inline constexpr ErrorCode kTypeMismatch = 204;
inline constexpr ErrorCode kWrongArgumentCount = 205;
inline constexpr ErrorCode kBadConstant = 206;
inline constexpr ErrorCode kDecimalTooWide = 207;
inline constexpr ErrorCode kTooComplex = 208;
inline constexpr ErrorCode kNoSuchCast = 209;
inline constexpr ErrorCode kUnknownType = 210;
inline constexpr ErrorCode kValueError =
    250;  // run time: a value the expression cannot be computed for

// InvalidPlan "<what> at <column>: <text with the range between >>> and <<<>; <advice>", on one
// line; long texts are cut around the range. The status also carries the text with a caret line
// below it (see FormatWithCaret).
Status ErrorInText(ErrorCode code, std::string_view text, int64_t begin, int64_t end,
                   std::string_view what, std::string_view advice = {});
Status ErrorAt(const Expr& node, ErrorCode code, std::string_view what,
               std::string_view advice = {});

}  // namespace headrace::expr
