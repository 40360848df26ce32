// Shell patterns in paths: `*` and `?` inside a name, `[a-z]` and `[!a-z]`, `**` for any number of
// directories.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "env/env.h"

namespace headrace {

bool HasGlob(std::string_view path);

// Whether one name (no slash) matches one pattern (no slash, not `**`). A backslash makes the next
// character literal. As in a shell, a leading dot must be written out.
bool GlobMatches(std::string_view pattern, std::string_view name);

// The part of a pattern before its first wildcard name: "data" of "data/y=*/x.csv", "" of "*.csv".
std::string GlobRoot(std::string_view pattern);

// Everything that exists under the pattern, sorted bytewise; files and directories. Empty when
// nothing matches. Errors: Source when a directory cannot be listed.
Result<std::vector<std::string>> ExpandGlob(Env* env, const std::string& pattern);

}  // namespace headrace
