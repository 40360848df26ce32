// The whole report as text for a terminal.
#include <algorithm>
#include <array>

#include "base/units.h"
#include "headrace/run_report.h"

namespace headrace {
namespace {

constexpr size_t kInputsShown = 10;
constexpr size_t kEventsShown = 40;
constexpr int kSparklineMin = 16;
constexpr int kSparklineMax = 80;
constexpr int kSparklineMargin = 16;  // of its line: the name before it

// Rows of cells, the first column to the left and the others to the right.
std::string FormatCells(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i])
                     : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string HeadText(const RunReport& report) {
  std::string text = report.status;
  for (const OutputReport& output : report.outputs) text += " " + output.path;
  if (!report.name.empty()) text += " (" + report.name + ")";
  text += "\n";
  if (!report.error.empty()) text += fmt::format("  {} {}\n", report.error_code, report.error);
  text +=
      fmt::format("  run {} of {}, {}, {} of CPU, {} threads{}\n", report.run_id, report.started_at,
                  FormatSeconds(report.wall_seconds), FormatSeconds(report.cpu_seconds),
                  report.threads, report.mode.empty() ? "" : ", " + report.mode);
  if (!report.mode_reason.empty()) text += fmt::format("  {}\n", report.mode_reason);
  text += fmt::format("  {} rows in = {} out + {} filtered + {} over a limit + {} rejected\n",
                      FormatCount(report.rows_in), FormatCount(report.rows_out),
                      FormatCount(report.rows_filtered), FormatCount(report.rows_limited),
                      FormatCount(report.rows_rejected));
  return text;
}

std::string StagesText(const RunReport& report) {
  if (report.stages.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"stage", "rows in", "rows out", "handed on",
                                                 "busy", "CPU", "blocked", "held at most",
                                                 "spilled"}};
  for (const StageReport& stage : report.stages) {
    rows.push_back({stage.name, FormatCount(stage.rows_in), FormatCount(stage.rows_out),
                    FormatBytes(stage.bytes_out), FormatSeconds(stage.wall_seconds),
                    FormatSeconds(stage.cpu_seconds), FormatSeconds(stage.blocked_seconds),
                    FormatBytes(stage.reserved_peak_bytes), FormatBytes(stage.spilled_bytes)});
  }
  return "\nStages\n" + FormatCells(rows);
}

std::string FilesText(const RunReport& report) {
  std::string text;
  if (!report.inputs.empty()) text += fmt::format("\nInputs: {}\n", report.inputs.size());
  for (size_t i = 0; i < std::min(kInputsShown, report.inputs.size()); ++i) {
    const InputReport& input = report.inputs[i];
    text += fmt::format(
        "  {}: {}, {} rows{}{}\n", input.path, FormatBytes(input.size_bytes),
        FormatCount(input.rows),
        input.repaired == 0 ? "" : fmt::format(", {} repaired", FormatCount(input.repaired)),
        input.rejects == 0 ? "" : fmt::format(", {} rejected", FormatCount(input.rejects)));
  }
  if (report.inputs.size() > kInputsShown) {
    text += fmt::format("  and {} more\n", report.inputs.size() - kInputsShown);
  }
  if (!report.outputs.empty()) text += "\nOutputs\n";
  for (const OutputReport& output : report.outputs) {
    text += fmt::format("  {}: {} rows, {} files, {} partitions, {} row groups, {:.1f} MB\n",
                        output.path, FormatCount(output.rows), FormatCount(output.files),
                        FormatCount(output.partitions), FormatCount(output.row_groups),
                        static_cast<double>(output.bytes) / kMegabyte);
  }
  return text;
}

std::string ReasonLines(const std::vector<RejectCount>& reasons) {
  std::string text;
  for (const RejectCount& count : reasons) {
    text += fmt::format("  {}: {}\n", count.reason, FormatCount(count.rows));
  }
  return text;
}

std::string QuarantineText(const RunReport& report) {
  const QuarantineReport& quarantine = report.quarantine;
  if (quarantine.rows == 0) return "";
  std::string text = fmt::format("\nQuarantine: {} rows", FormatCount(quarantine.rows));
  if (!quarantine.path.empty()) text += fmt::format(" in {}", quarantine.path);
  return text + "\n" + ReasonLines(quarantine.reasons);
}

std::string RepairsText(const RepairReport& repairs) {
  if (repairs.rows == 0) return "";
  return fmt::format("\nRepaired: {} rows\n", FormatCount(repairs.rows)) +
         ReasonLines(repairs.reasons);
}

// The largest resident size in each of `width` spans of the run, as a share of the budget.
std::string Sparkline(const MemoryReport& memory, int width) {
  constexpr std::array<const char*, 8> kSteps = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double end = memory.samples.back().seconds;
  std::vector<double> shares(static_cast<size_t>(width), -1);
  for (const MemorySample& sample : memory.samples) {
    const int64_t budget = sample.budget_bytes > 0 ? sample.budget_bytes : memory.budget_bytes;
    if (budget <= 0) continue;
    const double at = end > 0 ? sample.seconds / end : 0;
    const int slot = std::clamp(static_cast<int>(at * width), 0, width - 1);
    double& share = shares[static_cast<size_t>(slot)];
    share = std::max(share, static_cast<double>(sample.rss_bytes) / static_cast<double>(budget));
  }
  std::string line;
  double last = 0;
  for (const double share : shares) {
    last = share < 0 ? last : share;  // no sample in this span: as it was
    line += kSteps[static_cast<size_t>(std::clamp(static_cast<int>(last * 8), 0, 7))];
  }
  return line;
}

std::string Pressure(const MemoryReport& memory) {
  const PressureSeconds& seconds = memory.pressure_seconds;
  std::string text = fmt::format("  pressure   normal {}, elevated {}, high {}, critical {}\n",
                                 FormatSeconds(seconds.normal), FormatSeconds(seconds.elevated),
                                 FormatSeconds(seconds.high), FormatSeconds(seconds.critical));
  for (size_t i = 0; i < std::min(kEventsShown, memory.pressure_events.size()); ++i) {
    const PressureEvent& event = memory.pressure_events[i];
    text += fmt::format("    {:>9}  {} -> {}: {}\n", FormatSeconds(event.seconds), event.from,
                        event.to, event.cause);
  }
  if (memory.pressure_events.size() > kEventsShown) {
    text += fmt::format("    and {} more changes\n", memory.pressure_events.size() - kEventsShown);
  }
  return text;
}

std::string Memory(const MemoryReport& memory, int width) {
  std::string text = fmt::format("\nMemory\n  budget     {} ({})\n",
                                 FormatBytes(memory.budget_bytes), memory.budget_origin);
  if (memory.limit_bytes > 0) {
    text +=
        fmt::format("  limit      {} ({})\n", FormatBytes(memory.limit_bytes), memory.limit_origin);
  }
  text +=
      fmt::format("  at most    {} resident, {} accounted (base {}, slack {}), {} swapped out\n",
                  FormatBytes(memory.rss_peak_bytes), FormatBytes(memory.accounted_peak_bytes),
                  FormatBytes(memory.base_bytes), FormatBytes(memory.slack_bytes),
                  FormatBytes(memory.swap_peak_bytes));
  if (memory.cgroup_peak_bytes > 0) {
    text +=
        fmt::format("  cgroup     {} anonymous at most\n", FormatBytes(memory.cgroup_peak_bytes));
  }
  if (!memory.samples.empty()) {
    const int columns = std::clamp(width - kSparklineMargin, kSparklineMin, kSparklineMax);
    text += fmt::format("  resident   {}\n             0 s to {}; a full bar is the budget\n",
                        Sparkline(memory, columns), FormatSeconds(memory.samples.back().seconds));
  }
  text += fmt::format("  not in the account: {} (median), {} (p99), {} at most\n",
                      FormatBytes(memory.drift.p50_bytes), FormatBytes(memory.drift.p99_bytes),
                      FormatBytes(memory.drift.max_bytes));
  if (memory.refused_grants > 0) {
    text += fmt::format("  refused    {} requests that the budget could not cover\n",
                        FormatCount(memory.refused_grants));
  }
  return text + Pressure(memory);
}

std::string Actions(const MemoryReport& memory) {
  if (memory.actions.empty()) return "";
  std::string text = "\nWhat was done for memory\n";
  for (size_t i = 0; i < std::min(kEventsShown, memory.actions.size()); ++i) {
    const MemoryAction& action = memory.actions[i];
    const std::string bytes = action.bytes > 0 ? ", " + FormatBytes(action.bytes) : "";
    const std::string time =
        action.duration_seconds > 0 ? ", for " + FormatSeconds(action.duration_seconds) : "";
    text += fmt::format("  {:>9}  {}{}{}: {}\n", FormatSeconds(action.seconds), action.what, bytes,
                        time, action.cause);
  }
  if (memory.actions.size() > kEventsShown) {
    text += fmt::format("  and {} more\n", memory.actions.size() - kEventsShown);
  }
  return text;
}

std::string Alerts(const RunReport& report) {
  if (report.alerts.empty()) return "";
  std::string text = "\nAlerts\n";
  for (const AlertEvent& alert : report.alerts) {
    text += fmt::format("  {:>9}  {} {}: {} ({} delivered, {} failed)\n",
                        FormatSeconds(alert.seconds), alert.level, alert.rule, alert.message,
                        alert.deliveries, alert.failed_deliveries);
  }
  return text;
}

std::string Lines(const char* title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = fmt::format("\n{}\n", title);
  for (const std::string& line : lines) text += "  " + line + "\n";
  return text;
}

// A report may come from anywhere: what is no text must not drive the terminal.
std::string WithoutControls(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) c = ' ';
  }
  return text;
}

}  // namespace

std::string ReportToText(const RunReport& report, int width) {
  return WithoutControls(HeadText(report) + StagesText(report) + FilesText(report) +
                         QuarantineText(report) + RepairsText(report.repairs) +
                         Memory(report.memory, width) + Actions(report.memory) + Alerts(report) +
                         Lines("Notes", report.notes) + Lines("Evidence", report.evidence));
}

}  // namespace headrace
