// From argv to raw flags. CLI11 splits the words; what they mean is in flags.h.
#pragma once

#include <arrow/result.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/flags.h"

namespace headrace::cli {

struct RawFlag {
  const FlagDefinition* definition;
  std::string value;  // "" for a switch
};

enum class Request : uint8_t { kCommand, kHelp, kVersion };

struct RawArguments {
  Request request = Request::kCommand;
  const CommandDefinition* command = nullptr;  // null: none was named (help and version only)
  std::vector<RawFlag> flags = {};             // in table order
  std::vector<std::string> paths = {};
};

// Fails with a usage message: unknown command or flag (with the nearest one), a flag of another
// command or a later version, a missing value, too few or too many arguments.
arrow::Result<RawArguments> ParseArguments(int argc, const char* const* argv);

// Applies the flags to `settings`. The message of a failure begins with the flag.
arrow::Status ApplyFlags(const RawArguments& arguments, Settings* settings);

}  // namespace headrace::cli
