#include "observe/run_entry.h"

#include "observe/json_fields.h"

namespace headrace {

template <typename Visitor>
void VisitFields(StageSnapshot& stage, Visitor& visit) {
  visit("name", stage.name);
  visit("reserved_bytes", stage.reserved_bytes);
  visit("reserved_peak_bytes", stage.reserved_peak_bytes);
}

template <typename Visitor>
void VisitFields(RunSnapshot& run, Visitor& visit) {
  visit("run_id", run.run_id);
  visit("name", run.name);
  visit("process_id", run.process_id);
  visit("output", run.output);
  visit("started_at", run.started_at);
  visit("phase", run.phase);
  visit("mode", run.mode);
  visit("ended", run.ended);
  visit("status", run.status);
  visit("error_code", run.error_code);
  visit("seconds", run.seconds);
  visit("threads", run.threads);
  visit("active_threads", run.active_threads);
  visit("rows", run.rows);
  visit("bytes", run.bytes);
  visit("bytes_total", run.bytes_total);
  visit("budget_bytes", run.budget_bytes);
  visit("budget_origin", run.budget_origin);
  visit("base_bytes", run.base_bytes);
  visit("slack_bytes", run.slack_bytes);
  visit("accounted_bytes", run.accounted_bytes);
  visit("rss_bytes", run.rss_bytes);
  visit("rss_anonymous_bytes", run.rss_anonymous_bytes);
  visit("rss_peak_bytes", run.rss_peak_bytes);
  visit("swap_bytes", run.swap_bytes);
  visit("stages", run.stages);
  visit("refused_grants", run.refused_grants);
  visit("limit_bytes", run.limit_bytes);
  visit("limit_origin", run.limit_origin);
  visit("used_share", run.used_share);
  visit("used_of", run.used_of);
  visit("stall_some_share", run.stall_some_share);
  visit("stall_full_share", run.stall_full_share);
  visit("swap_pages_per_second", run.swap_pages_per_second);
  visit("pressure", run.pressure);
  visit("spilled_bytes", run.spilled_bytes);
  visit("spilled_total_bytes", run.spilled_total_bytes);
  visit("spill_room_bytes", run.spill_room_bytes);
  visit("alerts", run.alerts);
}

template <typename Visitor>
void VisitFields(RunPoint& point, Visitor& visit) {
  visit("seconds", point.seconds);
  visit("rows", point.rows);
  visit("bytes", point.bytes);
  visit("budget_bytes", point.budget_bytes);
  visit("accounted_bytes", point.accounted_bytes);
  visit("rss_bytes", point.rss_bytes);
  visit("used_share", point.used_share);
}

template <typename Visitor>
void VisitFields(KillCounter& counter, Visitor& visit) {
  visit("name", counter.name);
  visit("path", counter.path);
  visit("kills", counter.kills);
}

template <typename Visitor>
void VisitFields(RunEntry& entry, Visitor& visit) {
  visit("snapshot", entry.snapshot);
  visit("written_at", entry.written_at);
  visit("boot_id", entry.counters.boot_id);
  visit("kill_counters", entry.counters.counters);
  visit("diagnosis", entry.diagnosis);
  visit("curve", entry.curve);
}

namespace {

void Cut(size_t bytes_max, std::string* text) {
  if (text->size() > bytes_max) text->resize(bytes_max);
}

template <typename T>
void KeepFirst(size_t count, std::vector<T>* items) {
  if (items->size() > count)
    items->erase(items->begin() + static_cast<ptrdiff_t>(count), items->end());
}

template <typename T>
void KeepLast(size_t count, std::vector<T>* items) {
  if (items->size() > count)
    items->erase(items->begin(), items->end() - static_cast<ptrdiff_t>(count));
}

}  // namespace

std::string FormatRunEntry(RunEntry entry) {
  RunSnapshot& run = entry.snapshot;
  for (std::string* text : {&run.run_id, &run.name, &run.output, &run.phase, &run.budget_origin,
                            &run.limit_origin, &run.used_of}) {
    Cut(kEntryTextMax, text);
  }
  KeepFirst(kEntryStagesMax, &run.stages);
  for (StageSnapshot& stage : run.stages) Cut(kEntryItemMax, &stage.name);
  KeepLast(kEntryAlertsMax, &run.alerts);
  for (std::string& alert : run.alerts) Cut(kEntryItemMax, &alert);
  KeepLast(kCurvePointsMax, &entry.curve);
  return JsonText(ToJson(std::move(entry))) + "\n";
}

Result<RunEntry> ParseRunEntry(std::string_view text) {
  const OrderedJson json = OrderedJson::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object() || !json.contains("snapshot")) {
    return MakeError(ErrorKind::kBadInput, 766,
                     "a file of the registry of runs is no record of a run; remove it");
  }
  RunEntry entry;
  ARROW_RETURN_NOT_OK(FromJson(json, "", &entry));
  return entry;
}

void AppendPoint(const RunSnapshot& snapshot, std::vector<RunPoint>* curve) {
  KeepLast(kCurvePointsMax - 1, curve);
  curve->push_back({.seconds = snapshot.seconds,
                    .rows = snapshot.rows,
                    .bytes = snapshot.bytes,
                    .budget_bytes = snapshot.budget_bytes,
                    .accounted_bytes = snapshot.accounted_bytes,
                    .rss_bytes = snapshot.rss_bytes,
                    .used_share = snapshot.used_share});
}

std::string RunsToJson(const std::vector<RegisteredRun>& runs) {
  OrderedJson list = OrderedJson::array();
  for (const RegisteredRun& run : runs) {
    OrderedJson object = ToJson(run.snapshot);
    object["state"] = RunStateName(run.state);
    object["written_at"] = run.written_at;
    object["rows_per_second"] = run.rows_per_second;
    object["bytes_per_second"] = run.bytes_per_second;
    object["diagnosis"] = run.diagnosis;
    OrderedJson curve = OrderedJson::array();
    for (const RunPoint& point : run.curve) {
      curve.push_back({point.seconds, point.budget_bytes, point.accounted_bytes, point.rss_bytes});
    }
    object["curve"] = std::move(curve);
    list.push_back(std::move(object));
  }
  OrderedJson page = OrderedJson::object();
  page["runs"] = std::move(list);
  return JsonText(page);
}

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kEnded:
      return "ended";
    case RunState::kDied:
      return "died";
  }
  return "";
}

}  // namespace headrace
