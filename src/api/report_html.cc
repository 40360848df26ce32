// A report as one page: a chart of memory over time and tables. No script.
#include <algorithm>

#include "api/report_chart.h"
#include "api/write_whole.h"
#include "base/status.h"
#include "base/units.h"
#include "env/env.h"
#include "headrace/run_report.h"
#include "observe/web_page.h"

namespace headrace {
namespace {

constexpr size_t kRowsShown = 200;  // of a list; the rest is counted

std::string Cells(const char* tag, const std::vector<std::string>& cells, size_t words_from) {
  std::string row = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool head = std::string_view(tag) == "th";
    row += fmt::format("<{}{}{}>{}</{}>", tag, head ? " scope=\"col\"" : "",
                       i >= words_from ? " class=\"words\"" : "", EscapedHtml(cells[i]), tag);
  }
  return row + "</tr>\n";
}

// Columns from `words_from` on hold words and stand to the left.
std::string Table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows, size_t words_from = 99) {
  std::string table = "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead>" +
                      Cells("th", head, words_from) + "</thead>\n<tbody>\n";
  for (size_t i = 0; i < std::min(rows.size(), kRowsShown); ++i) {
    table += Cells("td", rows[i], words_from);
  }
  table += "</tbody></table></div>\n";
  if (rows.size() > kRowsShown) {
    table += fmt::format("<p class=\"soft\">and {} more</p>\n", rows.size() - kRowsShown);
  }
  return table;
}

std::string Section(const char* title, const std::string& content) {
  return fmt::format("<section class=\"card\"><h3>{}</h3>\n{}</section>\n", title, content);
}

std::string Figure(const char* name, const std::string& value, const std::string& note = "") {
  const std::string below = note.empty() ? "" : "<dd class=\"note\">" + EscapedHtml(note) + "</dd>";
  return fmt::format("<div><dt>{}</dt><dd>{}</dd>{}</div>\n", name, EscapedHtml(value), below);
}

std::string Head(const RunReport& report) {
  std::string paths;
  for (const OutputReport& output : report.outputs) {
    paths += (paths.empty() ? "" : ", ") + output.path;
  }
  const std::string title =
      report.name.empty() ? (paths.empty() ? report.run_id : paths) : report.name;
  const char* colour = report.status.ends_with("published") ? "normal" : "critical";
  std::string text = fmt::format(
      "<header><h1 class=\"wrap\">{}</h1><span class=\"badge {}\">{}</span></header>\n<main>\n"
      "<p class=\"soft wrap\">run {}, {}</p>\n",
      EscapedHtml(title), colour, EscapedHtml(report.status), EscapedHtml(report.run_id),
      EscapedHtml(report.started_at));
  if (!report.error.empty()) {
    text += fmt::format("<p class=\"card error wrap\"><strong>{}</strong> {}</p>\n",
                        EscapedHtml(report.error_code), EscapedHtml(report.error));
  }
  text += "<section class=\"card\"><h3>What happened</h3>\n<dl class=\"figures\">\n";
  text += Figure("rows read", FormatCount(report.rows_in));
  text += Figure("rows published", FormatCount(report.rows_out));
  text += Figure("filtered", FormatCount(report.rows_filtered));
  text += Figure("over a limit", FormatCount(report.rows_limited));
  text += Figure("rejected", FormatCount(report.rows_rejected));
  text += Figure("time", FormatSeconds(report.wall_seconds));
  text += Figure("CPU time", FormatSeconds(report.cpu_seconds));
  text += Figure("threads", fmt::format("{}", report.threads));
  if (!report.mode.empty()) text += Figure("mode", report.mode);
  text += "</dl>\n";
  if (!report.mode_reason.empty()) {
    text += fmt::format("<p class=\"soft wrap\">{}</p>\n", EscapedHtml(report.mode_reason));
  }
  return text + "</section>\n";
}

std::string Memory(const RunReport& report) {
  const MemoryReport& memory = report.memory;
  const PressureSeconds& seconds = memory.pressure_seconds;
  std::string text = MemoryChart(report) + "<dl class=\"figures\">\n";
  text += Figure("budget", FormatBytes(memory.budget_bytes), memory.budget_origin);
  if (memory.limit_bytes > 0) {
    text += Figure("limit", FormatBytes(memory.limit_bytes), memory.limit_origin);
  }
  text += Figure("resident at most", FormatBytes(memory.rss_peak_bytes));
  text += Figure("accounted at most", FormatBytes(memory.accounted_peak_bytes));
  text += Figure("base", FormatBytes(memory.base_bytes));
  text += Figure("slack", FormatBytes(memory.slack_bytes));
  text += Figure("swapped out at most", FormatBytes(memory.swap_peak_bytes));
  if (memory.cgroup_peak_bytes > 0) {
    text += Figure("cgroup at most", FormatBytes(memory.cgroup_peak_bytes), "anonymous memory");
  }
  text += Figure("refused requests", FormatCount(memory.refused_grants));
  text += Figure("not in the account", FormatBytes(memory.drift.p99_bytes), "99 % of the samples");
  text += "</dl>\n<h4>Time at each level of pressure</h4>\n" +
          Table({"normal", "elevated", "high", "critical"},
                {{FormatSeconds(seconds.normal), FormatSeconds(seconds.elevated),
                  FormatSeconds(seconds.high), FormatSeconds(seconds.critical)}});
  std::vector<std::vector<std::string>> rows;
  for (const PressureEvent& event : memory.pressure_events) {
    rows.push_back({FormatSeconds(event.seconds), event.from + " to " + event.to, event.cause});
  }
  if (!rows.empty()) text += "<h4>Changes</h4>\n" + Table({"at", "pressure", "cause"}, rows, 1);
  rows.clear();
  for (const MemoryAction& action : memory.actions) {
    rows.push_back({FormatSeconds(action.seconds),
                    action.duration_seconds > 0 ? FormatSeconds(action.duration_seconds) : "",
                    action.bytes > 0 ? FormatBytes(action.bytes) : "", action.what, action.cause});
  }
  if (!rows.empty()) {
    text += "<h4>What was done</h4>\n" + Table({"at", "for", "bytes", "what", "cause"}, rows, 3);
  }
  return Section("Memory", text);
}

std::string Stages(const RunReport& report) {
  std::vector<std::vector<std::string>> rows;
  for (const StageReport& stage : report.stages) {
    rows.push_back({stage.name, FormatCount(stage.rows_in), FormatCount(stage.rows_out),
                    FormatBytes(stage.bytes_out), FormatSeconds(stage.wall_seconds),
                    FormatSeconds(stage.cpu_seconds), FormatSeconds(stage.blocked_seconds),
                    FormatBytes(stage.reserved_peak_bytes), FormatBytes(stage.spilled_bytes)});
  }
  if (rows.empty()) return "";
  return Section("Stages", Table({"stage", "rows in", "rows out", "handed on", "busy", "CPU",
                                  "blocked", "held at most", "spilled"},
                                 rows));
}

std::string Files(const RunReport& report) {
  std::string text;
  std::vector<std::vector<std::string>> rows;
  for (const OutputReport& output : report.outputs) {
    rows.push_back({output.path, FormatCount(output.rows), FormatCount(output.files),
                    FormatCount(output.partitions), FormatCount(output.row_groups),
                    fmt::format("{:.1f} MB", static_cast<double>(output.bytes) / kMegabyte)});
  }
  if (!rows.empty()) {
    text += Section("Outputs",
                    Table({"path", "rows", "files", "partitions", "row groups", "size"}, rows));
  }
  rows.clear();
  for (const InputReport& input : report.inputs) {
    rows.push_back({input.path, FormatCount(input.rows), FormatCount(input.rejects),
                    FormatBytes(input.size_bytes)});
  }
  if (!rows.empty()) text += Section("Inputs", Table({"path", "rows", "rejected", "size"}, rows));
  return text;
}

std::string Reasons(const std::vector<RejectCount>& reasons) {
  std::vector<std::vector<std::string>> rows;
  for (const RejectCount& count : reasons) rows.push_back({count.reason, FormatCount(count.rows)});
  return Table({"reason", "rows"}, rows);
}

std::string Quarantine(const RunReport& report) {
  const QuarantineReport& quarantine = report.quarantine;
  if (quarantine.rows == 0) return "";
  std::string text = Reasons(quarantine.reasons);
  if (!quarantine.path.empty()) {
    text += fmt::format("<p class=\"soft wrap\">{}</p>\n", EscapedHtml(quarantine.path));
  }
  return Section("Quarantine", text);
}

std::string Repairs(const RunReport& report) {
  return report.repairs.rows == 0 ? "" : Section("Repaired", Reasons(report.repairs.reasons));
}

std::string Words(const RunReport& report) {
  std::string text;
  std::vector<std::vector<std::string>> rows;
  for (const AlertEvent& alert : report.alerts) {
    rows.push_back({FormatSeconds(alert.seconds), fmt::format("{}", alert.deliveries),
                    fmt::format("{}", alert.failed_deliveries), alert.level, alert.rule,
                    alert.message});
  }
  if (!rows.empty()) {
    text += Section("Alerts",
                    Table({"at", "delivered", "failed", "level", "rule", "message"}, rows, 3));
  }
  for (const auto& [title, lines] :
       {std::pair("Notes", &report.notes), std::pair("Evidence", &report.evidence)}) {
    if (lines->empty()) continue;
    std::string items = "<ul>\n";
    for (const std::string& line : *lines) items += "<li>" + EscapedHtml(line) + "</li>\n";
    text += Section(title, items + "</ul>\n");
  }
  return text;
}

}  // namespace

std::string ReportToHtml(const RunReport& report) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>headrace report ";
  page += EscapedHtml(report.run_id) + "</title>\n<style>";
  page += PageStyle();
  page += MemoryChartStyle();
  page += "</style>\n</head>\n<body>\n";
  page += Head(report) + Memory(report) + Stages(report) + Files(report) + Quarantine(report) +
          Repairs(report) + Words(report);
  page += fmt::format(
      "</main>\n<footer>headrace {}, Arrow {}. Memory is of the whole process; page cache never "
      "counts.</footer>\n</body>\n</html>\n",
      EscapedHtml(report.headrace_version), EscapedHtml(report.arrow_version));
  return page;
}

Status WriteReportHtml(const RunReport& report, const std::string& path) {
  return WithContext(WriteWhole(path, ReportToHtml(report)), "report page");
}

}  // namespace headrace
