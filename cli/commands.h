// The commands: settings in, exit code out.
#pragma once

#include "cli/arguments.h"

namespace headrace::cli {

// Parses, runs, prints. What main() is, but for the process's start.
int RunCommandLine(int argc, const char* const* argv);

}  // namespace headrace::cli
