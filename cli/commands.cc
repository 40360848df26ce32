#include "cli/commands.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>

#include "cli/console.h"
#include "cli/fsck_command.h"
#include "cli/help.h"
#include "cli/history.h"
#include "cli/places.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/table.h"
#include "cli/watching.h"
#include "headrace/run.h"
#include "headrace/text.h"

namespace headrace::cli {
namespace {

constexpr int kTableWidthWithoutTerminal = 1 << 20;  // a file or a pipe gets every column

bool IsPipelineFile(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

// Inputs and steps of a command line.
void FillJob(Settings* settings, std::vector<std::string> inputs) {
  settings->input.paths = std::move(inputs);
  settings->job.inputs = {settings->input};
  settings->job.steps = StepsOf(*settings);
}

void FillConvertJob(Settings* settings) {
  settings->job.output.path = settings->paths.back();
  FillJob(settings, {settings->paths.begin(), settings->paths.end() - 1});
}

int WriteReport(const RunReport& report, const Settings& settings) {
  if (settings.report_path.empty()) return kExitOk;
  if (settings.report_path == "-") return PrintText(ReportToJson(report), settings.log_format);
  const arrow::Status written = WriteReportFile(report, settings.report_path);
  return written.ok() ? kExitOk : PrintError(written, settings);
}

// Changes of the level of pressure become lines: always as JSON, as text with -v.
bool WantsPressureLines(const Settings& settings) {
  if (settings.verbosity == Verbosity::kQuiet) return false;
  return settings.log_format == LogFormat::kJson || settings.verbosity == Verbosity::kVerbose;
}

RunOutcome RunWatched(const Settings& settings) {
  ProgressPrinter progress(settings.verbosity == Verbosity::kQuiet ? ProgressMode::kNever
                                                                   : settings.progress);
  std::mutex printing;  // the callbacks need not come from one thread
  std::string pressure = "normal";
  RunControl control;
  control.stop_signal = StopSignal();
  control.metrics_address = settings.metrics_address;
  control.metrics_file = settings.metrics_file;
  control.registered = true;
  if (progress.active()) {
    control.on_progress = [&](const Progress& p) {
      std::lock_guard lock(printing);
      progress.Draw(p);
    };
  }
  if (WantsPressureLines(settings)) {
    control.on_snapshot = [&](const RunSnapshot& now) {
      std::lock_guard lock(printing);
      if (now.pressure == pressure) return;
      progress.Clear();
      PrintPressure(pressure, now, settings.log_format);
      pressure = now.pressure;
    };
  }
  control.on_log = [&](const std::string& line) {
    std::lock_guard lock(printing);
    progress.Clear();
    PrintLog(line, settings.log_format);
  };
  RunOutcome outcome = RunJob(settings.job, control);
  progress.Clear();
  return outcome;
}

// What the command writes beside the result may not be an input, the result, or each other.
arrow::Status CheckSideFiles(const Settings& settings) {
  const std::pair<const char*, const std::string&> files[] = {
      {"--report", settings.report_path}, {"--metrics-file", settings.metrics_file}};
  for (const auto& [flag, path] : files) {
    if (path.empty() || path == "-") continue;
    for (const InputSpec& input : settings.job.inputs) {
      for (const std::string& name : input.paths) {
        if (name == "-" ||
            (!IsSamePlace(path, name) && fnmatch(name.c_str(), path.c_str(), 0) != 0))
          continue;
        return arrow::Status::Invalid(flag,
                                      " would write over an input, give it another name: ", path);
      }
    }
    if (IsSamePlace(path, settings.job.output.path)) {
      return arrow::Status::Invalid(flag,
                                    " would write over the output, give it another name: ", path);
    }
  }
  const bool both = !settings.report_path.empty() && !settings.metrics_file.empty();
  if (both && IsSamePlace(settings.report_path, settings.metrics_file)) {
    return arrow::Status::Invalid("--report and --metrics-file name the same file: ",
                                  settings.report_path);
  }
  return arrow::Status::OK();
}

int RunAndReport(const Settings& settings) {
  const arrow::Status apart = CheckSideFiles(settings);
  if (!apart.ok()) return PrintUsageError(apart.message(), settings.log_format);
  CatchStopSignals();
  RunOutcome outcome = RunWatched(settings);

  if (outcome.status.ok()) {
    outcome.report.exit_code = kExitOk;
    PrintOutcome(outcome.report, settings);
    return WriteReport(outcome.report, settings);
  }
  int exit_code = PrintError(outcome.status, settings);
  // A run that a signal ended leaves with the signal's own code; one that failed by itself keeps
  // its reason.
  if (outcome.report.status == "cancelled" && *StopSignal() != 0) exit_code = 128 + *StopSignal();
  outcome.report.exit_code = exit_code;
  WriteReport(outcome.report, settings);
  return exit_code;
}

// A report that cannot be written would be noticed only after the work is done.
arrow::Status CheckReportPath(const std::string& path) {
  if (path.empty() || path == "-") return arrow::Status::OK();
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (parent.empty() || std::filesystem::is_directory(parent, ignored)) return arrow::Status::OK();
  return arrow::Status::Invalid("--report: there is no directory ", parent.string(),
                                "; create it first");
}

int Explain(const Settings& settings) {
  auto text = ExplainJob(settings.job);
  return text.ok() ? PrintText(*text, settings.log_format) : PrintError(text.status(), settings);
}

int Preview(const Settings& settings) {
  auto preview = PreviewJob(settings.job, settings.preview_rows);
  if (!preview.ok()) return PrintError(preview.status(), settings);
  if (settings.verbosity == Verbosity::kVerbose) {
    PrintEvidence(preview->evidence, "", settings.log_format);
  }
  if (preview->rows_rejected > 0) {
    PrintNotes({fmt::format("{} bad rows were left out", preview->rows_rejected)}, settings);
  }
  const int width = TerminalWidth(STDOUT_FILENO, kTableWidthWithoutTerminal);
  return PrintText(FormatTable(*preview, width), settings.log_format);
}

int PrintDoctor(const Settings& settings) {
  std::string text;
  size_t width = 0;
  const auto lines = Doctor(settings.paths.empty() ? "." : settings.paths.front());
  for (const DoctorLine& line : lines) width = std::max(width, line.topic.size());
  for (const DoctorLine& line : lines)
    text += fmt::format("{:<{}}  {}\n", line.topic, width, line.text);
  return PrintText(text, settings.log_format);
}

int Validated(const Settings& settings) {
  if (settings.verbosity == Verbosity::kQuiet) return kExitOk;
  return PrintText(fmt::format("{}: valid: {} steps, {} -> {}\n", settings.paths.front(),
                               settings.job.steps.size(), settings.job.inputs.front().paths.front(),
                               settings.job.output.path),
                   settings.log_format);
}

int RunCommand(const CommandDefinition& command, const Settings& settings) {
  switch (command.bit) {
    case kConvert:
    case kRun:
      return RunAndReport(settings);
    case kPlan:
      return Explain(settings);
    case kPreview:
      return Preview(settings);
    case kValidate:
      return Validated(settings);
    case kDoctor:
      return PrintDoctor(settings);
    case kMonitor:
      return Monitor(settings);
    case kStatus:
      return PrintStatus(settings);
    case kReport:
      return ShowReport(settings);
    case kHistory:
      return PrintHistory(settings);
    case kShow:
      return PrintLedgerEntry(settings);
    case kRollback:
      return RollBack(settings);
    case kVacuum:
      return Vacuum(settings);
    case kRecover:
      return Recover(settings);
    case kFsck:
      return Fsck(settings);
    case kCompletions:
      break;
  }
  return kExitOk;
}

bool TakesPipelineFile(const CommandDefinition& command, const std::vector<std::string>& paths) {
  if (command.bit == kRun || command.bit == kValidate) return true;
  return (command.bit == kPlan || command.bit == kPreview) && paths.size() == 1 &&
         IsPipelineFile(paths.front());
}

int PrintCompletions(const Settings& settings) {
  auto script = CompletionScript(settings.paths.front());
  if (!script.ok()) return PrintUsageError(script.status().message(), settings.log_format);
  return PrintText(*script, settings.log_format);
}

int RunParsed(const RawArguments& arguments, LogFormat log_format) {
  const CommandDefinition& command = *arguments.command;
  Settings settings;
  settings.paths = arguments.paths;
  settings.log_format = log_format;  // also for a flag that fails before --log-format is applied
  arrow::Status applied = ApplyFlags(arguments, &settings);
  if (applied.ok()) applied = CheckReportPath(settings.report_path);
  if (!applied.ok()) return PrintUsageError(applied.message(), settings.log_format);
  if (command.bit == kCompletions) return PrintCompletions(settings);
  // Those that read and write no rows need nothing of what a run needs.
  if (command.bit & (kMonitor | kStatus | kReport | kPastCommands)) {
    return RunCommand(command, settings);
  }

  const arrow::Status prepared = InitializeProcess();
  if (!prepared.ok()) return PrintError(prepared, settings);
  if (TakesPipelineFile(command, settings.paths)) {
    for (const RawFlag& flag : arguments.flags) {
      if (flag.definition->commands & kRun) continue;
      if (command.bit == kPreview && (flag.definition->commands & kConvert) == 0) continue;
      return PrintUsageError(
          fmt::format("--{} does not go with a pipeline file; write it into the file",
                      flag.definition->name),
          settings.log_format);
    }
    auto job = LoadPipelineFile(settings.paths.front());
    if (!job.ok()) return PrintError(job.status(), settings);
    settings.job = std::move(*job);
    applied = ApplyFlags(arguments, &settings);  // over the file's own settings
    if (!applied.ok()) return PrintUsageError(applied.message(), settings.log_format);
  } else if (command.bit == kConvert || command.bit == kPlan) {
    if (settings.paths.size() < 2) {
      return PrintUsageError("plan needs a pipeline file (.yaml, .yml), or inputs and an output",
                             settings.log_format);
    }
    FillConvertJob(&settings);
  } else if (command.bit == kPreview) {
    FillJob(&settings, settings.paths);
  }
  return RunCommand(command, settings);
}

// A command line that cannot be read still says in which form its error is wanted.
LogFormat WantedLogFormat(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool next_is_json = i + 1 < argc && std::string_view(argv[i + 1]) == "json";
    if (word == "--log-format=json" || (word == "--log-format" && next_is_json)) {
      return LogFormat::kJson;
    }
  }
  return LogFormat::kText;
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv) {
  IgnoreBrokenPipes();
  const LogFormat log_format = WantedLogFormat(argc, argv);
  auto arguments = ParseArguments(argc, argv);
  if (!arguments.ok()) return PrintUsageError(arguments.status().message(), log_format);
  switch (arguments->request) {
    case Request::kVersion:
      return PrintText(VersionText() + "\n", log_format);
    case Request::kHelp:
      return PrintText(arguments->command ? HelpText(*arguments->command) : HelpText(), log_format);
    case Request::kCommand:
      break;
  }
  return RunParsed(*arguments, log_format);
}

}  // namespace headrace::cli
