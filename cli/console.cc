#include "cli/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "headrace/text.h"

namespace headrace::cli {
namespace {

using Json = nlohmann::ordered_json;

// One write per line, so that lines of several programs on one terminal do not mix.
void PrintLine(std::string line) {
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

void PrintJson(const Json& object) {
  PrintLine(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

int PrintErrorJson(const std::string& code, const std::string& kind, const std::string& message,
                   int exit_code) {
  PrintJson({{"level", "error"},
             {"code", code},
             {"kind", kind},
             {"message", message},
             {"exit_code", exit_code}});
  return exit_code;
}

void PrintStages(const RunReport& report) {
  for (const StageReport& stage : report.stages) {
    PrintLine(fmt::format(
        "  {}: {} rows in, {} out, {} busy, {} blocked, {} reserved at most, {} spilled",
        stage.name, CountText(stage.rows_in), CountText(stage.rows_out),
        DurationText(stage.wall_seconds), DurationText(stage.blocked_seconds),
        SizeText(stage.reserved_peak_bytes), SizeText(stage.spilled_bytes)));
  }
  const MemoryReport& memory = report.memory;
  PrintLine(fmt::format("  memory: budget {} ({}), base {}, accounted peak {}, resident peak {}",
                        SizeText(memory.budget_bytes), memory.budget_origin,
                        SizeText(memory.base_bytes), SizeText(memory.accounted_peak_bytes),
                        SizeText(memory.rss_peak_bytes)));
  if (!report.mode.empty())
    PrintLine(fmt::format("  mode: {} ({})", report.mode, report.mode_reason));
}

}  // namespace

bool IsTerminal(int descriptor) { return isatty(descriptor) == 1; }

int TerminalWidth(int descriptor, int otherwise) {
  winsize size = {};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

int PrintUsageError(const std::string& message, LogFormat format) {
  if (format == LogFormat::kJson) return PrintErrorJson("E0100", "usage", message, kExitUsage);
  PrintLine("error E0100 (usage): " + message);
  return kExitUsage;
}

int PrintError(const arrow::Status& status, const Settings& settings) {
  const int exit_code = ExitCodeOf(status);
  if (settings.log_format == LogFormat::kJson) {
    return PrintErrorJson(ErrorCodeText(status), ErrorKindText(status), status.message(),
                          exit_code);
  }
  PrintLine(FormatErrorLine(status));
  const std::string snippet = ErrorSnippet(status);
  const bool wanted = settings.verbosity == Verbosity::kVerbose ||
                      (settings.verbosity == Verbosity::kNormal && IsTerminal(STDERR_FILENO));
  if (wanted && !snippet.empty()) PrintLine(snippet);
  return exit_code;
}

void PrintOutcome(const RunReport& report, const Settings& settings) {
  if (settings.verbosity == Verbosity::kQuiet) return;
  const bool text = settings.log_format == LogFormat::kText;
  if (settings.verbosity == Verbosity::kVerbose) {
    PrintEvidence(report.evidence, "  ", settings.log_format);
    if (text) PrintStages(report);
  }
  PrintNotes(report.notes, settings);
  const std::string summary = ReportSummaryLine(report);
  text ? PrintLine(summary)
       : PrintJson({{"level", "info"},
                    {"status", report.status},
                    {"run_id", report.run_id},
                    {"message", summary},
                    {"rows", report.rows_out},
                    {"exit_code", report.exit_code}});
}

void PrintPressure(const std::string& from, const RunSnapshot& now, LogFormat format) {
  if (format == LogFormat::kJson) {
    PrintJson({{"level", "pressure"},
               {"from", from},
               {"to", now.pressure},
               {"used_of", now.used_of},
               {"used_share", now.used_share},
               {"run_id", now.run_id},
               {"seconds", now.seconds}});
    return;
  }
  const std::string cause =
      now.used_of.empty() ? ""
                          : fmt::format(": {} {:.0f} % full", now.used_of, now.used_share * 100);
  PrintLine(fmt::format("memory pressure {} -> {} after {}{}", from, now.pressure,
                        DurationText(now.seconds), cause));
}

void PrintLog(const std::string& line, LogFormat format) {
  format == LogFormat::kText ? PrintLine(line) : PrintJson({{"level", "log"}, {"message", line}});
}

void PrintDone(const std::string& line, const Settings& settings) {
  if (settings.verbosity == Verbosity::kQuiet) return;
  settings.log_format == LogFormat::kText ? PrintLine(line)
                                          : PrintJson({{"level", "info"}, {"message", line}});
}

void PrintNotes(const std::vector<std::string>& notes, const Settings& settings) {
  if (settings.verbosity == Verbosity::kQuiet) return;
  for (const std::string& note : notes) {
    settings.log_format == LogFormat::kText ? PrintLine("note: " + note)
                                            : PrintJson({{"level", "note"}, {"message", note}});
  }
}

void PrintEvidence(const std::vector<std::string>& lines, const char* indent, LogFormat format) {
  for (const std::string& line : lines) {
    format == LogFormat::kText ? PrintLine(indent + line)
                               : PrintJson({{"level", "evidence"}, {"message", line}});
  }
}

int PrintText(const std::string& text, LogFormat format) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written || errno == EPIPE) return kExitOk;
  const std::string message =
      fmt::format("standard output cannot be written: {}", std::strerror(errno));
  if (format == LogFormat::kJson) return PrintErrorJson("E0690", "sink", message, kExitSink);
  PrintLine("error E0690 (sink): " + message);
  return kExitSink;
}

}  // namespace headrace::cli
