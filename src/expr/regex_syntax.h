// What has to be known about a regular expression's text beside what the library that runs it
// knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace headrace::expr {

// Refuses by name what other dialects have and this one has not: look-around, back-references,
// possessive quantifiers, atomic groups. The error is the reason alone.
Status CheckRegexDialect(std::string_view pattern);

struct GroupPattern {
  std::string pattern;  // with the wanted group named "g" and the only one that captures
  int64_t groups = 0;   // capturing groups there were
};
// Group 0 is the whole match.
GroupPattern IsolateGroup(std::string_view pattern, int64_t group);

// $1 and ${1} for groups, \$ and \\ for themselves -> the library's \1, \\. The error is the reason
// alone.
Result<std::string> RewriteReplacement(std::string_view replacement, int64_t groups);

}  // namespace headrace::expr
