// RunReport as JSON and as the last line of a run. docs/report.md names every key.
#include "api/write_whole.h"
#include "base/status.h"
#include "base/units.h"
#include "commit/errors.h"
#include "env/env.h"
#include "headrace/run_report.h"
#include "observe/json_fields.h"

namespace headrace {

template <typename Visitor>
void VisitFields(StageReport& stage, Visitor& visit) {
  visit("name", stage.name);
  visit("rows_in", stage.rows_in);
  visit("rows_out", stage.rows_out);
  visit("bytes_out", stage.bytes_out);
  visit("wall_seconds", stage.wall_seconds);
  visit("cpu_seconds", stage.cpu_seconds);
  visit("blocked_seconds", stage.blocked_seconds);
  visit("reserved_peak_bytes", stage.reserved_peak_bytes);
  visit("spilled_bytes", stage.spilled_bytes);
}

template <typename Visitor>
void VisitFields(InputReport& input, Visitor& visit) {
  visit("path", input.path);
  visit("size_bytes", input.size_bytes);
  visit("rows", input.rows);
  visit("rejects", input.rejects);
  visit("source", input.source);
  visit("repaired", input.repaired);
}

template <typename Visitor>
void VisitFields(OutputReport& output, Visitor& visit) {
  visit("path", output.path);
  visit("rows", output.rows);
  visit("files", output.files);
  visit("bytes", output.bytes);
  visit("partitions", output.partitions);
  visit("row_groups", output.row_groups);
}

template <typename Visitor>
void VisitFields(RejectCount& count, Visitor& visit) {
  visit("reason", count.reason);
  visit("rows", count.rows);
}

template <typename Visitor>
void VisitFields(QuarantineReport& quarantine, Visitor& visit) {
  visit("path", quarantine.path);
  visit("rows", quarantine.rows);
  visit("bytes", quarantine.bytes);
  visit("reasons", quarantine.reasons);
}

template <typename Visitor>
void VisitFields(RepairReport& repairs, Visitor& visit) {
  visit("rows", repairs.rows);
  visit("reasons", repairs.reasons);
}

template <typename Visitor>
void VisitFields(MemorySample& sample, Visitor& visit) {
  visit("seconds", sample.seconds);
  visit("accounted_bytes", sample.accounted_bytes);
  visit("rss_bytes", sample.rss_bytes);
  visit("budget_bytes", sample.budget_bytes);
  visit("spilled_bytes", sample.spilled_bytes);
  visit("used_share", sample.used_share);
  visit("pressure", sample.pressure);
}

template <typename Visitor>
void VisitFields(PressureEvent& event, Visitor& visit) {
  visit("seconds", event.seconds);
  visit("from", event.from);
  visit("to", event.to);
  visit("cause", event.cause);
}

template <typename Visitor>
void VisitFields(MemoryAction& action, Visitor& visit) {
  visit("seconds", action.seconds);
  visit("what", action.what);
  visit("cause", action.cause);
  visit("bytes", action.bytes);
  visit("duration_seconds", action.duration_seconds);
}

template <typename Visitor>
void VisitFields(PressureSeconds& seconds, Visitor& visit) {
  visit("normal", seconds.normal);
  visit("elevated", seconds.elevated);
  visit("high", seconds.high);
  visit("critical", seconds.critical);
}

template <typename Visitor>
void VisitFields(MemoryDrift& drift, Visitor& visit) {
  visit("p50_bytes", drift.p50_bytes);
  visit("p99_bytes", drift.p99_bytes);
  visit("max_bytes", drift.max_bytes);
}

template <typename Visitor>
void VisitFields(MemoryReport& memory, Visitor& visit) {
  visit("budget_bytes", memory.budget_bytes);
  visit("budget_origin", memory.budget_origin);
  visit("base_bytes", memory.base_bytes);
  visit("slack_bytes", memory.slack_bytes);
  visit("accounted_peak_bytes", memory.accounted_peak_bytes);
  visit("rss_peak_bytes", memory.rss_peak_bytes);
  visit("swap_peak_bytes", memory.swap_peak_bytes);
  visit("cgroup_peak_bytes", memory.cgroup_peak_bytes);
  visit("limit_bytes", memory.limit_bytes);
  visit("limit_origin", memory.limit_origin);
  visit("refused_grants", memory.refused_grants);
  visit("pressure_seconds", memory.pressure_seconds);
  visit("drift", memory.drift);
  visit("pressure_events", memory.pressure_events);
  visit("actions", memory.actions);
  visit("samples", memory.samples);
}

template <typename Visitor>
void VisitFields(AlertEvent& alert, Visitor& visit) {
  visit("seconds", alert.seconds);
  visit("rule", alert.rule);
  visit("level", alert.level);
  visit("message", alert.message);
  visit("deliveries", alert.deliveries);
  visit("failed_deliveries", alert.failed_deliveries);
}

template <typename Visitor>
void VisitFields(RunReport& report, Visitor& visit) {
  visit("report_version", report.report_version);
  visit("run_id", report.run_id);
  visit("name", report.name);
  visit("status", report.status);
  visit("error", report.error);
  visit("error_code", report.error_code);
  visit("exit_code", report.exit_code);
  visit("headrace_version", report.headrace_version);
  visit("arrow_version", report.arrow_version);
  visit("started_at", report.started_at);
  visit("wall_seconds", report.wall_seconds);
  visit("cpu_seconds", report.cpu_seconds);
  visit("threads", report.threads);
  visit("mode", report.mode);
  visit("mode_reason", report.mode_reason);
  visit("rows_in", report.rows_in);
  visit("rows_out", report.rows_out);
  visit("rows_filtered", report.rows_filtered);
  visit("rows_limited", report.rows_limited);
  visit("rows_rejected", report.rows_rejected);
  visit("stages", report.stages);
  visit("inputs", report.inputs);
  visit("outputs", report.outputs);
  visit("quarantine", report.quarantine);
  visit("repairs", report.repairs);
  visit("memory", report.memory);
  visit("alerts", report.alerts);
  visit("notes", report.notes);
  visit("evidence", report.evidence);
}

namespace {

// More than any machine has, and what JSON keeps exactly.
constexpr int64_t kWholeNumberMax = int64_t{1} << 53;
constexpr double kNumberMax = 1e10;  // seconds of three centuries

// A report may be made by hand or damaged. What cannot be is refused: shown, it would be believed.
template <typename T>
Status CheckNumbers(T& value, const std::string& where) {
  if constexpr (std::is_arithmetic_v<T>) {
    constexpr auto kMost =
        static_cast<T>(std::is_floating_point_v<T>   ? kNumberMax
                       : sizeof(T) < sizeof(int64_t) ? std::numeric_limits<T>::max()
                                                     : kWholeNumberMax);
    // Drift is a difference; every other number counts something. Not-a-number is neither.
    const bool may_be_negative = where.starts_with("memory.drift.");
    if (value >= (may_be_negative ? -kMost : T{0}) && value <= kMost) return Status::OK();
    return MakeError(ErrorKind::kBadInput, 773,
                     "this report holds a number that no run can have: {} is {}; give a file as "
                     "--report wrote it",
                     where, value);
  } else if constexpr (IsVector<T>::value) {
    for (size_t i = 0; i < value.size(); ++i) {
      ARROW_RETURN_NOT_OK(CheckNumbers(value[i], fmt::format("{}[{}]", where, i)));
    }
    return Status::OK();
  } else if constexpr (std::same_as<T, std::string>) {
    return Status::OK();
  } else {
    Status checked;
    auto visit = [&](const char* key, auto& field) {
      if (checked.ok()) {
        checked = CheckNumbers(field, where.empty() ? std::string(key) : where + "." + key);
      }
    };
    VisitFields(value, visit);
    return checked;
  }
}

// A report with a long list of inputs is a few megabytes.
constexpr int64_t kReportBytesMax = 256 << 20;
constexpr double kMebibyte = 1024.0 * 1024.0;

}  // namespace

std::string ReportToJson(const RunReport& report) { return JsonText(ToJson(report), 2) + "\n"; }

Result<RunReport> ParseReport(const std::string& text) {
  const OrderedJson json = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    return MakeError(ErrorKind::kBadInput, 770,
                     "this is no JSON, or it is cut short; give a file that --report wrote");
  }
  if (!json.is_object() || !json.contains("report_version") || !json.contains("run_id")) {
    return MakeError(ErrorKind::kBadInput, 771,
                     "this is JSON, but no report of a run: report_version or run_id is missing; "
                     "give a file that --report wrote");
  }
  RunReport report;
  const int newest = report.report_version;
  ARROW_RETURN_NOT_OK(FromJson(json, "", &report));
  if (report.report_version > newest) {
    return MakeError(ErrorKind::kBadInput, 772,
                     "this report is of version {}, and this headrace reads up to {}; use the "
                     "headrace that wrote it ({})",
                     report.report_version, newest, report.headrace_version);
  }
  ARROW_RETURN_NOT_OK(CheckNumbers(report, ""));
  return report;
}

Result<RunReport> ReadReportFile(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const std::string text,
                        Env::Default()->ReadWholeFile(path, kReportBytesMax));
  Result<RunReport> report = ParseReport(text);
  if (!report.ok()) return WithContext(report.status(), path);
  return report;
}

Status WriteReportFile(const RunReport& report, const std::string& path) {
  return WithContext(WriteWhole(path, ReportToJson(report)), "report");
}

namespace {

struct OutputTotals {
  std::string paths;
  int64_t rows = 0;  // in each of them
  int64_t files = 0;
  int64_t bytes = 0;
};

OutputTotals TotalsOf(const RunReport& report) {
  OutputTotals totals;
  for (const OutputReport& output : report.outputs) {
    totals.paths += (totals.paths.empty() ? "" : ", ") + output.path;
    totals.rows = output.rows;
    totals.files += output.files;
    totals.bytes += output.bytes;
  }
  return totals;
}

// What is at the target after a run that failed.
const char* OutcomeText(const RunReport& report) {
  const bool is_unknown = report.error_code == fmt::format("E{:04}", kCommitUnknownCode);
  return is_unknown ? "it is not known what was published" : "nothing published";
}

std::string AlreadyPublishedLine(const RunReport& report) {
  const OutputTotals totals = TotalsOf(report);
  return fmt::format(
      "already published {}: run {} wrote {} rows, {} files, {:.1f} MB there before; nothing was "
      "read or written now",
      totals.paths, report.run_id, totals.rows, totals.files, totals.bytes / kMegabyte);
}

}  // namespace

std::string ReportSummaryLine(const RunReport& report) {
  if (report.status == "already published") return AlreadyPublishedLine(report);
  const bool published = report.status == "published";
  const OutputTotals totals = TotalsOf(report);
  const MemoryReport& memory = report.memory;
  const std::string peak =
      fmt::format("peak {:.1f} of {:.1f} MiB", memory.rss_peak_bytes / kMebibyte,
                  memory.budget_bytes / kMebibyte);
  if (!published) {
    return fmt::format("{}: {}, {} rows read, {}, {}", report.status, OutcomeText(report),
                       report.rows_in, peak, FormatSeconds(report.wall_seconds));
  }
  const std::string repaired =
      report.repairs.rows == 0 ? "" : fmt::format("{} rows repaired, ", report.repairs.rows);
  return fmt::format("published {}: {} rows, {} files, {:.1f} MB, {}{} rows quarantined, {}, {}",
                     totals.paths, report.rows_out, totals.files, totals.bytes / kMegabyte,
                     repaired, report.rows_rejected, peak, FormatSeconds(report.wall_seconds));
}

}  // namespace headrace
