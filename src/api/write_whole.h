// Files that the command leaves beside the result: reports and their pages.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace headrace {

// Replaces the file at `path` all at once and durably, through a name of its own that nobody else
// has. A path that stands for no file (a pipe, a device such as /dev/null) is written to as it is,
// never replaced. Errors: Sink or OutOfDisk; nothing is left behind then.
Status WriteWhole(const std::string& path, std::string_view text);

}  // namespace headrace
