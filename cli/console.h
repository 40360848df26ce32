// What the command prints, apart from progress: errors, the last line, evidence, text on standard
// output.
#pragma once

#include <arrow/status.h>

#include <string>

#include "cli/settings.h"
#include "headrace/run.h"

namespace headrace::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSink = 6;

bool IsTerminal(int descriptor);
// Columns of the terminal at `descriptor`, or `otherwise`.
int TerminalWidth(int descriptor, int otherwise);

// "error E0101 (usage): <message>" and the exit code for it.
int PrintUsageError(const std::string& message, LogFormat format);
// One line, or one JSON object; in text form followed by the expression with a caret when standard
// error is a terminal or with -v. Gives the exit code.
int PrintError(const arrow::Status& status, const Settings& settings);
// Evidence and stages with -v, notes unless -q, then the summary line (a JSON object with
// --log-format json).
void PrintOutcome(const RunReport& report, const Settings& settings);
// All of `text` to standard output. A reader that left (EPIPE) is no failure; gives the exit code.
int PrintText(const std::string& text);

}  // namespace headrace::cli
