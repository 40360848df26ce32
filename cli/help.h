// Texts made from the table of flags: help pages, docs/cli.md and shell completions.
#pragma once

#include <arrow/result.h>

#include <string>

#include "cli/flags.h"

namespace headrace::cli {

std::string HelpText();                                  // `headrace --help`
std::string HelpText(const CommandDefinition& command);  // `headrace convert --help`
std::string CommandReferenceMarkdown();                  // the reference part of docs/cli.md
// Completion script; fails for a shell other than bash, zsh and fish.
arrow::Result<std::string> CompletionScript(const std::string& shell);

}  // namespace headrace::cli
