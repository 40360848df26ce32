// RunReport as JSON and as the last line of a run. docs/report.md names every key.
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "base/units.h"
#include "env/env.h"
#include "headrace/run_report.h"

namespace headrace {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const StageReport& stage) {
  return {{"name", stage.name},
          {"rows_in", stage.rows_in},
          {"rows_out", stage.rows_out},
          {"bytes_out", stage.bytes_out},
          {"wall_seconds", stage.wall_seconds},
          {"cpu_seconds", stage.cpu_seconds},
          {"blocked_seconds", stage.blocked_seconds},
          {"reserved_peak_bytes", stage.reserved_peak_bytes},
          {"spilled_bytes", stage.spilled_bytes}};
}

Json ToJson(const InputReport& input) {
  return {{"path", input.path},
          {"size_bytes", input.size_bytes},
          {"rows", input.rows},
          {"rejects", input.rejects},
          {"source", input.source}};
}

Json ToJson(const OutputReport& output) {
  return {{"path", output.path},
          {"rows", output.rows},
          {"files", output.files},
          {"bytes", output.bytes},
          {"partitions", output.partitions},
          {"row_groups", output.row_groups}};
}

Json ToJson(const MemorySample& sample) {
  return {{"seconds", sample.seconds},
          {"accounted_bytes", sample.accounted_bytes},
          {"rss_bytes", sample.rss_bytes}};
}

template <typename T>
Json ToJsonArray(const std::vector<T>& items) {
  Json array = Json::array();
  for (const T& item : items) array.push_back(ToJson(item));
  return array;
}

Json ToJson(const MemoryReport& memory) {
  return {{"budget_bytes", memory.budget_bytes},
          {"budget_origin", memory.budget_origin},
          {"base_bytes", memory.base_bytes},
          {"slack_bytes", memory.slack_bytes},
          {"accounted_peak_bytes", memory.accounted_peak_bytes},
          {"rss_peak_bytes", memory.rss_peak_bytes},
          {"samples", ToJsonArray(memory.samples)}};
}

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kMegabyte = 1e6;

}  // namespace

std::string ReportToJson(const RunReport& report) {
  Json json = {{"report_version", report.report_version},
               {"run_id", report.run_id},
               {"name", report.name},
               {"status", report.status},
               {"error", report.error},
               {"error_code", report.error_code},
               {"exit_code", report.exit_code},
               {"headrace_version", report.headrace_version},
               {"arrow_version", report.arrow_version},
               {"started_at", report.started_at},
               {"wall_seconds", report.wall_seconds},
               {"cpu_seconds", report.cpu_seconds},
               {"threads", report.threads},
               {"mode", report.mode},
               {"mode_reason", report.mode_reason},
               {"rows_in", report.rows_in},
               {"rows_out", report.rows_out},
               {"rows_filtered", report.rows_filtered},
               {"rows_limited", report.rows_limited},
               {"rows_rejected", report.rows_rejected}};
  json["stages"] = ToJsonArray(report.stages);
  json["inputs"] = ToJsonArray(report.inputs);
  json["outputs"] = ToJsonArray(report.outputs);
  json["memory"] = ToJson(report.memory);
  json["notes"] = report.notes;
  json["evidence"] = report.evidence;
  // Paths and excerpts may hold any bytes; what is no UTF-8 is replaced rather than refused.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status WriteReportFile(const RunReport& report, const std::string& path) {
  return WithContext(Env::Default()->WriteFileDurably(path, ReportToJson(report)), "report");
}

std::string ReportSummaryLine(const RunReport& report) {
  const bool published = report.status == "published";
  int64_t files = 0, bytes = 0;
  std::string paths;
  for (const OutputReport& output : report.outputs) {
    files += output.files;
    bytes += output.bytes;
    paths += (paths.empty() ? "" : ", ") + output.path;
  }
  const MemoryReport& memory = report.memory;
  const std::string peak =
      fmt::format("peak {:.1f} of {:.1f} MiB", memory.rss_peak_bytes / kMebibyte,
                  memory.budget_bytes / kMebibyte);
  if (!published) {
    return fmt::format("{}: nothing published, {} rows read, {}, {}", report.status, report.rows_in,
                       peak, FormatSeconds(report.wall_seconds));
  }
  return fmt::format("published {}: {} rows, {} files, {:.1f} MB, {} rows quarantined, {}, {}",
                     paths, report.rows_out, files, bytes / kMegabyte, report.rows_rejected, peak,
                     FormatSeconds(report.wall_seconds));
}

}  // namespace headrace
