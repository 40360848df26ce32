// Finding a column of an input by the name a user wrote.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace headrace {

// The column of exactly this name, else the only one that differs in case alone: the rule that
// steps follow too. `path` and, where there is no such column, `kind` and `code` are for the error.
Result<int> FindColumn(const std::vector<std::string>& names, const std::string& path,
                       const std::string& name, ErrorKind kind, ErrorCode code);

}  // namespace headrace
