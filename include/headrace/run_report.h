// RunReport: what every run leaves behind, finished or failed. Plain data; the JSON form is
// documented in docs/report.md.
#pragma once

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
};

struct OutputReport {
  std::string path;
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t partitions = 0;
  int64_t row_groups = 0;
};

struct MemorySample {
  double seconds = 0;
  int64_t accounted_bytes = 0;
  int64_t rss_bytes = 0;
};

struct MemoryReport {
  int64_t budget_bytes = 0;
  std::string budget_origin;
  int64_t base_bytes = 0;
  int64_t slack_bytes = 0;
  int64_t accounted_peak_bytes = 0;
  int64_t rss_peak_bytes = 0;
  std::vector<MemorySample> samples;
};

struct RunReport {
  int report_version = 1;
  std::string run_id;
  std::string name;               // JobSpec.name
  std::string status = "failed";  // "published", "failed", "cancelled"
  std::string error;              // one line, empty when published
  std::string error_code;         // "E0412"
  int exit_code = 1;
  std::string headrace_version;
  std::string arrow_version;
  std::string started_at;  // ISO 8601, UTC
  double wall_seconds = 0;
  double cpu_seconds = 0;
  int threads = 0;
  std::string mode;  // "streaming"
  std::string mode_reason;
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t rows_filtered = 0;
  int64_t rows_limited = 0;  // cut off by a limit
  int64_t rows_rejected = 0;
  std::vector<StageReport> stages;
  std::vector<InputReport> inputs;
  std::vector<OutputReport> outputs;
  MemoryReport memory;
  std::vector<std::string> notes;  // announced fallbacks and warnings
  std::vector<std::string>
      evidence;  // how dialect, header and types were found, and what was pruned
};

// The report as JSON text, keys as above.
std::string ReportToJson(const RunReport& report);
// Writes that text over `path` all at once. Sink or OutOfDisk when it cannot be written.
arrow::Status WriteReportFile(const RunReport& report, const std::string& path);
// The last line for people: "published out/trips: 6001215 rows, 84 files, 144.2 MB, ...".
std::string ReportSummaryLine(const RunReport& report);

}  // namespace headrace
