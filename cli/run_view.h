// What `headrace monitor` shows: runs as lines for a terminal or a pipe.
#pragma once

#include <string>
#include <vector>

#include "headrace/monitor.h"

namespace headrace::cli {

enum class Colours : uint8_t { kNone, kTerminal };

// All of one run: progress, rate, memory against the budget as a bar with its curve, pressure,
// threads, spill, stages, alerts; of a run that died also its diagnosis. Lines are cut to `width`
// columns.
std::vector<std::string> RunView(const RegisteredRun& run, int width, Colours colours);

// The runs to show: those whose id begins with `prefix`, or without one those that run.
std::vector<RegisteredRun> ChosenRuns(const std::vector<RegisteredRun>& runs,
                                      const std::string& prefix);

// One view: of the only run of `chosen` whole, of several a line each, of none what ended last.
std::vector<std::string> MonitorView(const std::vector<RegisteredRun>& all,
                                     const std::vector<RegisteredRun>& chosen, int width,
                                     Colours colours);

// Control characters, which could drive a terminal, become question marks.
std::string Printable(const std::string& text);

}  // namespace headrace::cli
