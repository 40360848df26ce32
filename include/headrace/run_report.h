// RunReport: what every run leaves behind, finished or failed. Plain data; the JSON form is
// documented in docs/report.md.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace headrace {

struct StageReport {
  std::string name;  // "source", "filter", "project", "limit", "sink"
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t bytes_out = 0;    // Arrow bytes handed on
  double wall_seconds = 0;  // summed over workers
  double cpu_seconds = 0;
  double blocked_seconds = 0;
  int64_t reserved_peak_bytes = 0;  // of source and sink; steps share one pool and say 0
  int64_t spilled_bytes = 0;        // of the sink
};

struct InputReport {
  std::string path;
  int64_t size_bytes = 0;
  int64_t rows = 0;
  int64_t rejects = 0;
  std::string source = {};  // InputSpec.id
  int64_t repaired = 0;     // among the rows
};

struct OutputReport {
  std::string path;
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t partitions = 0;
  int64_t row_groups = 0;
};

struct RejectCount {
  std::string reason;  // code: "bad_value", "too_few_fields", ...
  int64_t rows = 0;
};

// What bad rows became. All zero without any, or when they were not to be put aside.
struct QuarantineReport {
  std::string path;  // of the Parquet file; "" when there is none
  int64_t rows = 0;
  int64_t bytes = 0;
  std::vector<RejectCount> reasons;  // in the order of their codes
};

// Records with a fault that became rows all the same (BadRows::kRepair), as the source gave them
// out: a filter or limit behind it may have left some out.
struct RepairReport {
  int64_t rows = 0;
  std::vector<RejectCount> reasons;  // in the order of their codes; without those of no rows
};

struct MemorySample {
  double seconds = 0;
  int64_t accounted_bytes = 0;
  int64_t rss_bytes = 0;
  int64_t budget_bytes = 0;   // in force at that moment
  int64_t spilled_bytes = 0;  // on disk at that moment
  double used_share = 0;      // of what is closest to its limit, the machine or the container
  std::string pressure = "normal";
};

// The level of memory pressure changed.
struct PressureEvent {
  double seconds = 0;
  std::string from;
  std::string to;
  std::string cause;  // "anonymous memory of cgroup v2 /a: 3.1 of 4.0 GiB (77 %)"
};

// What the governor did, and what for.
struct MemoryAction {
  double seconds = 0;
  std::string what;  // "return cached pages", "rest workers", "smaller shares", "full shares", ...
  std::string cause;
  int64_t bytes = 0;            // given back, or the new bound
  double duration_seconds = 0;  // until it was undone or the run ended
};

struct PressureSeconds {
  double normal = 0;
  double elevated = 0;
  double high = 0;
  double critical = 0;
};

// RSS less (base + accounted) over the samples of the run: what the account does not know.
struct MemoryDrift {
  int64_t p50_bytes = 0;
  int64_t p99_bytes = 0;
  int64_t max_bytes = 0;
};

struct MemoryReport {
  int64_t budget_bytes = 0;
  std::string budget_origin;
  int64_t base_bytes = 0;
  int64_t slack_bytes = 0;
  int64_t accounted_peak_bytes = 0;
  int64_t rss_peak_bytes = 0;
  int64_t swap_peak_bytes = 0;    // of this process
  int64_t cgroup_peak_bytes = 0;  // anonymous, of the closest cgroup with a limit; 0 = none
  int64_t limit_bytes = 0;        // the effective limit at the start
  std::string limit_origin;
  int64_t refused_grants = 0;
  PressureSeconds pressure_seconds;
  MemoryDrift drift;
  std::vector<PressureEvent> pressure_events;
  std::vector<MemoryAction> actions;
  std::vector<MemorySample> samples;
};

// An alert that went off during the run.
struct AlertEvent {
  double seconds = 0;
  std::string rule;   // "memory_pressure", "no_progress", ...
  std::string level;  // "warning", "critical"
  std::string message;
  int64_t deliveries = 0;
  int64_t failed_deliveries = 0;
};

struct RunReport {
  int report_version = 2;
  std::string run_id;
  std::string name;               // JobSpec.name
  std::string status = "failed";  // "published", "already published", "failed", "cancelled"
  std::string error;              // one line, empty when published
  std::string error_code;         // "E0412"
  int exit_code = 1;
  std::string headrace_version;
  std::string arrow_version;
  std::string started_at;  // ISO 8601, UTC
  double wall_seconds = 0;
  double cpu_seconds = 0;
  int threads = 0;
  std::string mode;  // "direct" or "streaming"
  std::string mode_reason;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t rows_filtered = 0;
  int64_t rows_limited = 0;  // cut off by a limit
  int64_t rows_rejected = 0;
  std::vector<StageReport> stages;
  std::vector<InputReport> inputs;
  std::vector<OutputReport> outputs;
  QuarantineReport quarantine;
  RepairReport repairs;
  MemoryReport memory;
  std::vector<AlertEvent> alerts;
  std::vector<std::string> notes;  // announced fallbacks and warnings
  std::vector<std::string>
      evidence;  // how dialect, header and types were found, and what was pruned
};

// The report as JSON text, keys as above.
std::string ReportToJson(const RunReport& report);
// The way back. Keys that are missing, as in reports of older versions, keep their defaults, and
// unknown ones are passed over. BadInput when the text is no report, one of a later version, or
// holds numbers that no run can have.
arrow::Result<RunReport> ParseReport(const std::string& json);
// The same of a file; its errors name it.
arrow::Result<RunReport> ReadReportFile(const std::string& path);
// Writes that text over `path` all at once. Sink or OutOfDisk when it cannot be written.
arrow::Status WriteReportFile(const RunReport& report, const std::string& path);
// All of the report for people, at most about `width` columns wide.
std::string ReportToText(const RunReport& report, int width = 100);
// One HTML page with everything in it: no script, no other file. Texts of the report are escaped.
std::string ReportToHtml(const RunReport& report);
// Writes that page over `path` all at once.
arrow::Status WriteReportHtml(const RunReport& report, const std::string& path);
// The last line for people: "published out/trips: 6001215 rows, 84 files, 144.2 MB, ...".
std::string ReportSummaryLine(const RunReport& report);

}  // namespace headrace
