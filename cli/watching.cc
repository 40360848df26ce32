#include "cli/watching.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "cli/console.h"
#include "cli/keyboard.h"
#include "cli/places.h"
#include "cli/run_view.h"
#include "cli/signals.h"
#include "headrace/monitor.h"
#include "headrace/text.h"

namespace headrace::cli {
namespace {

constexpr int kTextWidth = 100;
constexpr size_t kReportBytesMax = 256 << 20;  // of standard input; more is no report
constexpr int kWidthWithoutTerminal = 1 << 20;
constexpr auto kRedrawEvery = std::chrono::milliseconds(500);
constexpr auto kLineEvery = std::chrono::milliseconds(1000);
constexpr char kOpenScreen[] = "\x1b[?1049h\x1b[?25l";  // a screen of its own, no cursor
constexpr char kCloseScreen[] = "\x1b[?25h\x1b[?1049l";

std::string Joined(const std::vector<std::string>& lines) {
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

// Over what stands on the screen, without a moment of nothing in between.
std::string Redrawn(const std::vector<std::string>& lines) {
  return fmt::format("\x1b[H{}\x1b[K\n\x1b[K\nq ends\x1b[K\x1b[J", fmt::join(lines, "\x1b[K\n"));
}

// False when the reader of a pipe has left.
bool Put(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

arrow::Status NoSuchRun(const std::vector<RegisteredRun>& runs, const std::string& prefix) {
  std::vector<std::string> ids;
  for (const RegisteredRun& run : runs) ids.push_back(run.snapshot.run_id);
  return arrow::Status::Invalid("--run: no run of this user has an id that begins with '", prefix,
                                "'", SuggestionFor(prefix, ids), "; headrace status lists them");
}

// Of what is shown, whether anything may still change.
bool AnyRunning(const std::vector<RegisteredRun>& runs) {
  for (const RegisteredRun& run : runs) {
    if (run.state == RunState::kRunning) return true;
  }
  return false;
}

arrow::Result<RunReport> ReadReportInput() {
  constexpr size_t kPiece = 64 << 10;
  std::string text;
  for (size_t count = kPiece; count == kPiece && text.size() <= kReportBytesMax;) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    count = std::fread(text.data() + before, 1, kPiece, stdin);
    text.resize(before + count);
  }
  return ParseReport(text);
}

int Serve(const Settings& settings) {
  CatchStopSignals();
  const arrow::Status served =
      ServeMonitor(settings.serve_address, StopSignal(), [&](const std::string& url) {
        PrintText(fmt::format("monitor at {} until Ctrl-C\n", url), settings.log_format);
      });
  return served.ok() ? kExitOk : PrintError(served, settings);
}

int WatchOnTerminal(const Settings& settings) {
  CatchStopSignals();
  Keyboard keyboard;
  Put(kOpenScreen);
  arrow::Status failed;
  while (*StopSignal() == 0) {
    const auto runs = ListRuns();
    if (!runs.ok()) {
      failed = runs.status();
      break;
    }
    const int width = TerminalWidth(STDOUT_FILENO, kTextWidth) - 1;
    const auto chosen = ChosenRuns(*runs, settings.run_prefix);
    Put(Redrawn(MonitorView(*runs, chosen, width, Colours::kTerminal)));
    if (keyboard.WaitForKey('q', kRedrawEvery)) break;
  }
  Put(kCloseScreen);
  return failed.ok() ? kExitOk : PrintError(failed, settings);
}

// A line for each run, once a second: for pipes and logs. Ends with the run that was asked for.
int WatchAsLines(const Settings& settings) {
  CatchStopSignals();
  Keyboard keyboard;
  while (*StopSignal() == 0) {
    const auto runs = ListRuns();
    if (!runs.ok()) return PrintError(runs.status(), settings);
    const auto chosen = ChosenRuns(*runs, settings.run_prefix);
    for (const RegisteredRun& run : chosen) {
      for (const std::string& line : DescribeRun(run)) {
        if (!Put(Printable(line) + "\n")) return kExitOk;
      }
    }
    if (!settings.run_prefix.empty() && !AnyRunning(chosen)) return kExitOk;
    if (keyboard.WaitForKey('q', kLineEvery)) break;
  }
  return kExitOk;
}

std::string TargetLine(const TargetStatus& target, bool running) {
  std::string line = fmt::format("target     {}: {}", target.path,
                                 target.found ? "stands" : "nothing is published there");
  if (!target.last_run.empty()) line += ", last published: " + target.last_run;
  if (target.unfinished > 0 && !running) {
    line += fmt::format(
        "; {} unfinished {} left there, which the next run on it finishes or removes",
        target.unfinished, target.unfinished == 1 ? "transaction was" : "transactions were");
  }
  return line;
}

}  // namespace

int Monitor(const Settings& settings) {
  if (!settings.serve_address.empty()) {
    if (settings.once || !settings.run_prefix.empty()) {
      return PrintUsageError("--serve shows every run and lasts; leave --once and --run out",
                             settings.log_format);
    }
    return Serve(settings);
  }
  const auto runs = ListRuns();
  if (!runs.ok()) return PrintError(runs.status(), settings);
  const auto chosen = ChosenRuns(*runs, settings.run_prefix);
  if (!settings.run_prefix.empty() && chosen.empty()) {
    return PrintUsageError(NoSuchRun(*runs, settings.run_prefix).message(), settings.log_format);
  }
  const bool terminal = IsTerminal(STDOUT_FILENO);
  if (settings.once) {
    const int width = TerminalWidth(STDOUT_FILENO, kWidthWithoutTerminal);
    const Colours colours = terminal ? Colours::kTerminal : Colours::kNone;
    return PrintText(Joined(MonitorView(*runs, chosen, width, colours)), settings.log_format);
  }
  return terminal ? WatchOnTerminal(settings) : WatchAsLines(settings);
}

int PrintStatus(const Settings& settings) {
  auto runs = ListRuns();
  if (!runs.ok()) return PrintError(runs.status(), settings);
  std::vector<std::string> lines;
  if (!settings.paths.empty()) {
    const std::string& path = settings.paths.front();
    std::erase_if(*runs, [&](const RegisteredRun& run) { return !WritesTo(run, path); });
    const auto target = ReadTargetStatus(path);
    if (!target.ok()) return PrintError(target.status(), settings);
    lines.push_back(Printable(TargetLine(*target, AnyRunning(*runs))));
  }
  for (const RegisteredRun& run : *runs) {
    for (const std::string& line : DescribeRun(run)) lines.push_back(Printable(line));
  }
  if (runs->empty()) {
    lines.push_back(settings.paths.empty() ? "no run of this user is known"
                                           : "no run of this user on it is known");
  }
  const int exit_code = PrintText(Joined(lines), settings.log_format);
  KeepDiagnoses(*runs);
  return exit_code;
}

int ShowReport(const Settings& settings) {
  const std::string& action = settings.paths.at(0);
  const std::string& path = settings.paths.at(1);
  if (action != "show") {
    return PrintUsageError(fmt::format("report can show, and not '{}'{}; headrace report show FILE",
                                       action, SuggestionFor(action, {"show"})),
                           settings.log_format);
  }
  const bool from_input = path == "-";
  const bool page_to_output = settings.html_path == "-";
  if (!from_input && !settings.html_path.empty() && !page_to_output &&
      IsSamePlace(path, settings.html_path)) {
    return PrintUsageError("--html: this is the report itself; give another file",
                           settings.log_format);
  }
  const auto report = from_input ? ReadReportInput() : ReadReportFile(path);
  if (!report.ok()) return PrintError(report.status(), settings);
  if (page_to_output) return PrintText(ReportToHtml(*report), settings.log_format);
  if (settings.html_path.empty()) {
    const int width = TerminalWidth(STDOUT_FILENO, kTextWidth);
    return PrintText(ReportToText(*report, width), settings.log_format);
  }
  const arrow::Status written = WriteReportHtml(*report, settings.html_path);
  return written.ok() ? kExitOk : PrintError(written, settings);
}

}  // namespace headrace::cli
