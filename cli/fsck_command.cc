#include "cli/fsck_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/console.h"
#include "cli/signals.h"
#include "headrace/fsck.h"
#include "headrace/text.h"

namespace headrace::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kExitCheckFailed = 5;
// More are counted but not listed in a JSON document, which is held until it is whole.
constexpr size_t kListedMax = 10'000;

std::string LineOf(const FsckProblem& problem) {
  const bool names_path = problem.message.find(problem.path) != std::string::npos;
  return names_path ? fmt::format("{}: {}\n", problem.kind, problem.message)
                    : fmt::format("{}: {}: {}\n", problem.kind, problem.path, problem.message);
}

std::string SummaryOf(const FsckReport& report) {
  std::string text = report.problems == 0
                         ? fmt::format("{}: clean: ", report.path)
                         : fmt::format("{}: {} problem{}: ", report.path,
                                       CountText(report.problems), report.problems == 1 ? "" : "s");
  text +=
      fmt::format("{} rows in {} files, {} row groups, {}", CountText(report.rows),
                  CountText(report.files), CountText(report.row_groups), SizeText(report.bytes));
  if (report.is_dataset) text += fmt::format(", {} directories", CountText(report.partitions));
  if (!report.last_run.empty()) text += ", last run " + report.last_run;
  return text + (report.deep ? "; every page was read\n" : "; footers only, --deep reads pages\n");
}

std::string DocumentOf(const FsckReport& report, const Json& problems) {
  const Json document = {{"path", report.path},
                         {"is_dataset", report.is_dataset},
                         {"deep", report.deep},
                         {"clean", report.problems == 0},
                         {"files", report.files},
                         {"rows", report.rows},
                         {"row_groups", report.row_groups},
                         {"bytes", report.bytes},
                         {"partitions", report.partitions},
                         {"last_run", report.last_run},
                         {"problem_count", report.problems},
                         {"problems", problems},
                         {"notes", report.notes}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

int Fsck(const Settings& settings) {
  CatchStopSignals();
  const bool as_json = settings.output_format == LogFormat::kJson;
  Json problems = Json::array();
  FsckOptions options;
  options.deep = settings.deep;
  options.memory = settings.job.resources.memory;
  options.stop_signal = StopSignal();
  options.on_problem = [&](const FsckProblem& problem) {
    if (!as_json) {
      PrintText(LineOf(problem), settings.log_format);
    } else if (problems.size() < kListedMax) {
      problems.push_back(
          {{"kind", problem.kind}, {"path", problem.path}, {"message", problem.message}});
    }
  };
  const auto report = CheckDataset(settings.paths.front(), options);
  if (!report.ok()) return PrintError(report.status(), settings);
  std::string text;
  if (as_json) {
    text = DocumentOf(*report, problems);
  } else if (settings.verbosity != Verbosity::kQuiet) {
    for (const std::string& note : report->notes) text += fmt::format("note: {}\n", note);
    text += SummaryOf(*report);
  }
  const int printed = PrintText(text, settings.log_format);
  if (printed != kExitOk) return printed;
  return report->problems == 0 ? kExitOk : kExitCheckFailed;
}

}  // namespace headrace::cli
