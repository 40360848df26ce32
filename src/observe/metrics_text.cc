#include <algorithm>
#include <cmath>

#include "base/version.h"
#include "observe/metrics.h"

namespace headrace {
namespace {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

// A value of a label: backslash, quote and line break have escapes, nothing else does.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Role: the page being written. Threads: one.
class Page {
 public:
  // `name` of the run stands on every sample, so that files of several pipelines do not collide.
  explicit Page(std::string_view name) : name_(name) {}

  void Family(const char* metric, const char* type, const char* help) {
    metric_ = metric;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric, help, metric, type);
  }
  void Sample(double value, const Labels& labels = {}) {
    // The shortest text that reads back as the same number; whole ones without an exponent.
    const bool whole = std::floor(value) == value && std::abs(value) < 1e18;
    Append(whole ? fmt::format("{}", static_cast<int64_t>(value)) : fmt::format("{}", value),
           labels);
  }
  void Sample(int64_t value, const Labels& labels = {}) {
    Append(fmt::format("{}", value), labels);
  }
  void Gauge(const char* metric, const char* help, auto value) {
    Family(metric, "gauge", help);
    Sample(value);
  }
  void Counter(const char* metric, const char* help, auto value) {
    Family(metric, "counter", help);
    Sample(value);
  }

  std::string Take() { return std::move(text_); }

 private:
  void Append(const std::string& value, const Labels& labels) {
    std::string inside;
    if (!name_.empty()) inside = fmt::format("name=\"{}\"", Escaped(name_));
    for (const auto& [label, text] : labels) {
      inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", label, Escaped(text));
    }
    text_ += inside.empty() ? fmt::format("{} {}\n", metric_, value)
                            : fmt::format("{}{{{}}} {}\n", metric_, inside, value);
  }

  const std::string_view name_;
  const char* metric_ = "";
  std::string text_;
};

void WriteRun(const RunSnapshot& snapshot, Page* page) {
  page->Family("headrace_run_info", "gauge", "What runs; always 1.");
  page->Sample(int64_t{1}, {{"run_id", snapshot.run_id},
                            {"mode", snapshot.mode},
                            {"phase", snapshot.phase},
                            {"version", kVersion}});
  page->Gauge("headrace_run_duration_seconds", "Time since the start of the run.",
              snapshot.seconds);
  page->Family("headrace_run_state", "gauge", "1 for the state of the run, 0 for the others.");
  const std::string state = snapshot.ended ? snapshot.status : "running";
  for (const char* name : {"running", "published", "already published", "failed", "cancelled"}) {
    page->Sample(int64_t{state == name}, {{"state", name}});
  }
  page->Gauge("headrace_worker_threads", "Workers of the run.", int64_t{snapshot.threads});
  page->Gauge("headrace_active_worker_threads", "Workers that are not resting to save memory.",
              int64_t{snapshot.active_threads});
  page->Counter("headrace_input_rows_total", "Rows read so far.", snapshot.rows);
  page->Counter("headrace_rejected_rows_total", "Rows put aside because they do not fit, so far.",
                snapshot.rows_rejected);
  page->Counter("headrace_input_bytes_total", "Bytes of input consumed so far.", snapshot.bytes);
  if (snapshot.bytes_total >= 0) {
    page->Gauge("headrace_input_size_bytes", "Bytes of the whole input.", snapshot.bytes_total);
  }
}

void WriteMemory(const RunSnapshot& snapshot, Page* page) {
  page->Gauge("headrace_memory_budget_bytes", "Memory that the process may hold.",
              snapshot.budget_bytes);
  page->Gauge("headrace_memory_base_bytes", "Held before the run: libraries and runtime.",
              snapshot.base_bytes);
  page->Gauge("headrace_memory_slack_bytes", "Of the budget, kept back for what is not accounted.",
              snapshot.slack_bytes);
  page->Gauge("headrace_memory_accounted_bytes", "Lent to stages or kept for reuse.",
              snapshot.accounted_bytes);
  page->Gauge("headrace_memory_rss_bytes", "Resident set of the process.", snapshot.rss_bytes);
  page->Gauge("headrace_memory_rss_anonymous_bytes", "Resident set without mapped files.",
              snapshot.rss_anonymous_bytes);
  page->Gauge("headrace_memory_rss_peak_bytes", "Highest resident set of the process.",
              snapshot.rss_peak_bytes);
  page->Gauge("headrace_memory_swapped_bytes", "Memory of the process that is in swap.",
              snapshot.swap_bytes);
  page->Counter("headrace_memory_refused_grants_total",
                "Requests for memory that the budget could not cover.", snapshot.refused_grants);
  page->Gauge("headrace_memory_limit_bytes", "The effective limit of machine and container.",
              snapshot.limit_bytes);
  page->Gauge("headrace_memory_used_ratio", "Use of what is closest to its limit.",
              snapshot.used_share);
  page->Family("headrace_memory_pressure", "gauge",
               "1 for the level of memory pressure, 0 for the others.");
  for (const char* level : {"normal", "elevated", "high", "critical"}) {
    page->Sample(int64_t{snapshot.pressure == level}, {{"level", level}});
  }
  page->Family("headrace_memory_stall_ratio", "gauge",
               "Time over 10 s in which some or all tasks waited for memory.");
  page->Sample(snapshot.stall_some_share, {{"kind", "some"}});
  page->Sample(snapshot.stall_full_share, {{"kind", "full"}});
  page->Gauge("headrace_swap_pages_per_second", "Pages that the machine moves in and out of swap.",
              snapshot.swap_pages_per_second);
}

// Two stages of one name make one sample: a second one would make the page invalid.
std::vector<StageSnapshot> StagesByName(const RunSnapshot& snapshot) {
  std::vector<StageSnapshot> stages;
  for (const StageSnapshot& stage : snapshot.stages) {
    const auto same = std::find_if(stages.begin(), stages.end(),
                                   [&](const auto& seen) { return seen.name == stage.name; });
    if (same == stages.end()) {
      stages.push_back(stage);
    } else {
      same->reserved_bytes += stage.reserved_bytes;
      same->reserved_peak_bytes += stage.reserved_peak_bytes;
    }
  }
  return stages;
}

void WriteStages(const RunSnapshot& snapshot, Page* page) {
  const std::vector<StageSnapshot> stages = StagesByName(snapshot);
  if (stages.empty()) return;
  page->Family("headrace_stage_reserved_bytes", "gauge", "Memory that a stage holds.");
  for (const auto& stage : stages) page->Sample(stage.reserved_bytes, {{"stage", stage.name}});
  page->Family("headrace_stage_reserved_peak_bytes", "gauge", "Most memory that a stage held.");
  for (const auto& stage : stages) {
    page->Sample(stage.reserved_peak_bytes, {{"stage", stage.name}});
  }
}

void WriteSpill(const RunSnapshot& snapshot, Page* page) {
  page->Gauge("headrace_spill_bytes", "Spilled rows on disk now.", snapshot.spilled_bytes);
  page->Counter("headrace_spill_written_bytes_total", "Bytes spilled over the whole run.",
                snapshot.spilled_total_bytes);
  if (snapshot.spill_room_bytes >= 0) {
    page->Gauge("headrace_spill_room_bytes", "What may still be spilled.",
                snapshot.spill_room_bytes);
  }
}

}  // namespace

std::string MetricsText(const RunSnapshot& snapshot) {
  Page page(snapshot.name);
  WriteRun(snapshot, &page);
  WriteMemory(snapshot, &page);
  WriteStages(snapshot, &page);
  WriteSpill(snapshot, &page);
  return page.Take();
}

}  // namespace headrace
