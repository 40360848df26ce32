// What the command prints, apart from progress: errors, the last line, evidence, text on standard
// output.
#pragma once

#include <arrow/status.h>

#include <string>
#include <vector>

#include "cli/settings.h"
#include "headrace/run.h"

namespace headrace::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSink = 6;

bool IsTerminal(int descriptor);
// Columns of the terminal at `descriptor`, or `otherwise`.
int TerminalWidth(int descriptor, int otherwise);

// "error E0100 (usage): <message>" and the exit code for it.
int PrintUsageError(const std::string& message, LogFormat format);
// One line, or one JSON object; in text form followed by the expression with a caret when standard
// error is a terminal or with -v. Gives the exit code.
int PrintError(const arrow::Status& status, const Settings& settings);
// Evidence and stages with -v, notes unless -q, then the summary line. JSON objects with
// --log-format json, without the stages: those are in the report.
void PrintOutcome(const RunReport& report, const Settings& settings);
// The level of memory pressure changed from `from` to that of `now`.
void PrintPressure(const std::string& from, const RunSnapshot& now, LogFormat format);
// One line of the run's log, such as an alert.
void PrintLog(const std::string& line, LogFormat format);
// What was done, in one line; unless -q.
void PrintDone(const std::string& line, const Settings& settings);
// Fallbacks and the like, one line each; unless -q.
void PrintNotes(const std::vector<std::string>& notes, const Settings& settings);
// What was found in the input: a line each behind `indent`, or a JSON object each.
void PrintEvidence(const std::vector<std::string>& lines, const char* indent, LogFormat format);
// All of `text` to standard output. A reader that left (EPIPE) is no failure; gives the exit code.
int PrintText(const std::string& text, LogFormat format);

}  // namespace headrace::cli
