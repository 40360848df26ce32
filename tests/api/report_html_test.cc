// A report as JSON and back, as text, and as a page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "headrace/run_report.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every field differs from its default, so that one that is forgotten on the way is seen.
RunReport FullReport() {
  RunReport report;
  report.run_id = "20261122T231200-4f9c1a2b7e60";
  report.name = "city_trips";
  report.status = "published";
  report.error = "an error";
  report.error_code = "E0999";
  report.exit_code = 3;
  report.headrace_version = "0.1.0";
  report.arrow_version = "26.0.1";
  report.started_at = "2026-11-22T23:12:00Z";
  report.wall_seconds = 90;
  report.cpu_seconds = 180.5;
  report.threads = 4;
  report.mode = "streaming";
  report.mode_reason = "too many rows";
  report.rows_in = 1001;
  report.rows_out = 1002;
  report.rows_filtered = 1003;
  report.rows_limited = 1004;
  report.rows_rejected = 1005;
  report.quarantine = {"/out/.d.headrace/quarantine/r.parquet", 41, 42, {{"bad_value", 43}}};
  report.stages = {{"source", 1, 2, 3, 4.5, 5.5, 6.5, 7, 8}};
  report.inputs = {{"in.csv", 11, 12, 13, "trips", 14}};
  report.repairs = {44, {{"missing_fields", 45}}};
  report.outputs = {{"out", 21, 22, 23, 24, 25}};
  MemoryReport& memory = report.memory;
  memory.budget_bytes = 256 << 20;
  memory.budget_origin = "--memory";
  memory.base_bytes = 31;
  memory.slack_bytes = 32;
  memory.accounted_peak_bytes = 33;
  memory.rss_peak_bytes = 34;
  memory.swap_peak_bytes = 35;
  memory.cgroup_peak_bytes = 36;
  memory.limit_bytes = 37;
  memory.limit_origin = "RAM";
  memory.refused_grants = 38;
  memory.pressure_seconds = {60, 20, 8, 2};
  memory.drift = {41, 42, 43};
  memory.pressure_events = {{30, "normal", "elevated", "RAM 76 %"},
                            {60, "elevated", "critical", "RAM 96 %"},
                            {80, "critical", "normal", "RAM 20 %"}};
  memory.actions = {{61, "rest workers", "critical pressure", 51, 19}};
  memory.samples = {{0, 1 << 20, 2 << 20, 256 << 20, 0, 0.1, "normal"},
                    {90, 100 << 20, 200 << 20, 128 << 20, 61, 0.9, "critical"}};
  report.alerts = {{62, "memory_pressure", "critical", "too tight", 1, 2}};
  report.notes = {"a note"};
  report.evidence = {"a finding"};
  return report;
}

TEST(ReportJson, RoundTrip) {
  const std::string text = ReportToJson(FullReport());
  const RunReport back = ParseReport(text).ValueOrDie();
  EXPECT_EQ(ReportToJson(back), text);
  EXPECT_EQ(back.report_version, 2);
  EXPECT_EQ(back.memory.actions.at(0).duration_seconds, 19);
  EXPECT_EQ(back.memory.samples.at(1).pressure, "critical");
  EXPECT_EQ(back.memory.pressure_seconds.high, 8);
  EXPECT_EQ(back.alerts.at(0).failed_deliveries, 2);
  EXPECT_EQ(back.rows_rejected, 1005);
}

// Nothing that FullReport fills in may get lost: its defaults must differ everywhere.
TEST(ReportJson, EveryFieldIsWritten) {
  const auto full = nlohmann::json::parse(ReportToJson(FullReport())).flatten();
  RunReport empty;
  empty.stages.resize(1);
  empty.inputs.resize(1);
  empty.outputs.resize(1);
  empty.quarantine.reasons.resize(1);
  empty.repairs.reasons.resize(1);
  empty.memory.pressure_events.resize(1);
  empty.memory.actions.resize(1);
  empty.memory.samples.resize(2);
  empty.alerts.resize(1);
  empty.notes.resize(1);
  empty.evidence.resize(1);
  const auto blank = nlohmann::json::parse(ReportToJson(empty)).flatten();
  for (const auto& [key, value] : blank.items()) {
    if (key == "/report_version" || key.starts_with("/memory/samples/0")) continue;
    ASSERT_TRUE(full.contains(key)) << key;
    EXPECT_NE(full[key], value) << key;
  }
}

TEST(ReportJson, EveryKeyIsDocumented) {
  const std::string here = __FILE__;
  const std::string page = ReadTextFile(here.substr(0, here.rfind('/')) + "/../../docs/report.md");
  ASSERT_FALSE(page.empty());
  const auto flat = nlohmann::json::parse(ReportToJson(FullReport())).flatten();
  for (const auto& [path, value] : flat.items()) {
    std::string key = path.substr(path.rfind('/') + 1);
    if (std::isdigit(static_cast<unsigned char>(key[0])) != 0) {
      const std::string list = path.substr(0, path.rfind('/'));
      key = list.substr(list.rfind('/') + 1);
    }
    EXPECT_THAT(page, HasSubstr(key)) << path;
  }
}

TEST(ReportJson, OldAndUnknownKeysAreNoFailure) {
  const RunReport report = ParseReport(R"({"report_version": 1, "run_id": "a", "later": {"x": 1},
                      "memory": {"samples": [{"seconds": 1, "rss_bytes": 2}]}})")
                               .ValueOrDie();
  EXPECT_EQ(report.report_version, 1);
  EXPECT_EQ(report.memory.samples.at(0).rss_bytes, 2);
  EXPECT_EQ(report.memory.samples.at(0).pressure, "normal");
  EXPECT_EQ(report.status, "failed");
}

TEST(ReportJson, JunkIsRefusedWithAReason) {
  const std::string whole = ReportToJson(FullReport());
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no JSON"},
      {whole.substr(0, whole.size() / 2), "cut short"},
      {"PAR1\xff\x00", "no JSON"},
      {"[]", "no report of a run"},
      {"{\"rows\": 1}", "report_version or run_id is missing"},
      {R"({"report_version": 3, "run_id": "a", "headrace_version": "9.0"})", "version 3"},
      {R"({"report_version": 2, "run_id": 7})", "run_id is no text"},
      {R"({"report_version": 2, "run_id": "a", "stages": [{}, {"rows_in": 1.5}]})",
       "stages[1].rows_in is no whole number"},
      {R"({"report_version": 2, "run_id": "a", "memory": []})", "memory is no object"},
      {R"({"report_version": 2, "run_id": "a", "threads": 4294967296})", "threads"},
      {R"({"report_version": 2, "run_id": "a", "rows_in": 18446744073709551615})", "rows_in"},
  };
  for (const auto& [text, reason] : cases) {
    const Status status = ParseReport(text).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kBadInput) << text;
    EXPECT_THAT(status.message(), HasSubstr(reason));
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  }
}

TEST(ReportJson, NumbersThatNoRunCanHaveAreRefused) {
  const auto whole = nlohmann::json::parse(ReportToJson(FullReport()));
  const std::vector<std::pair<const char*, nlohmann::json>> cases = {
      {"/wall_seconds", -1},
      {"/wall_seconds", 1e300},
      {"/rows_in", -1},
      {"/exit_code", -1},
      {"/memory/rss_peak_bytes", -1},
      {"/memory/rss_peak_bytes", INT64_MAX},
      {"/memory/samples/0/seconds", -0.5},
      {"/memory/samples/1/rss_bytes", -7},
      {"/memory/drift/p50_bytes", INT64_MIN},
      {"/stages/0/spilled_bytes", -1}};
  for (const auto& [where, number] : cases) {
    auto changed = whole;
    changed[nlohmann::json::json_pointer(where)] = number;
    const Status status = ParseReport(changed.dump()).status();
    EXPECT_EQ(GetErrorCode(status), 773) << where << " " << number << ": " << status;
  }
  auto changed = whole;
  changed["memory"]["drift"]["p50_bytes"] = -4096;
  EXPECT_EQ(ParseReport(changed.dump())->memory.drift.p50_bytes, -4096);
}

TEST(ReportJson, ErrorsOfAFileNameIt) {
  TemporaryDirectory directory;
  std::ofstream(directory / "r.json") << "{";
  EXPECT_THAT(ReadReportFile(directory / "r.json").status().message(), HasSubstr("r.json"));
  EXPECT_EQ(GetErrorKind(ReadReportFile(directory / "none.json").status()), ErrorKind::kSource);
  ASSERT_TRUE(WriteReportFile(FullReport(), directory / "r.json").ok());
  EXPECT_EQ(ReadReportFile(directory / "r.json")->run_id, FullReport().run_id);
}

TEST(ReportText, SaysWhatHappened) {
  const std::string text = ReportToText(FullReport(), 60);
  for (const char* part :
       {"published out (city_trips)\n", "E0999 an error", "1,001 rows in = 1,002 out",
        "stage   rows in", "out: 21 rows, 22 files", "budget     256.0 MiB (--memory)",
        "a full bar is the budget", "normal 60.0 s, elevated 20.0 s",
        "   60.0 s  elevated -> critical: RAM 96 %", "rest workers, 51 B, for 19.0 s",
        "critical memory_pressure: too tight (1 delivered, 2 failed)", "a note", "a finding"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  // The second half of the curve is above its budget, the first near nothing.
  EXPECT_THAT(text, HasSubstr("▁▁"));
  EXPECT_THAT(text, HasSubstr("█\n"));
  EXPECT_THAT(ReportToText(RunReport{}), HasSubstr("failed\n"));
}

TEST(ReportText, DrivesNoTerminal) {
  RunReport report = FullReport();
  report.notes = {"\x1b[2J\x07"};
  for (const char control : {'\x1b', '\x07'}) {
    EXPECT_EQ(ReportToText(report).find(control), std::string::npos);
  }
}

TEST(ReportPage, StandsAlone) {
  const std::string page = ReportToHtml(FullReport());
  EXPECT_THAT(page, testing::StartsWith("<!doctype html>"));
  for (const char* outside :
       {"http://", "https://", "src=", "<script", "@import", "url(", "<link rel=\"stylesheet"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  for (const char* part : {"default-src 'none'", "prefers-color-scheme: dark", "width=device-width",
                           "role=\"img\"", "<h1", "scope=\"col\""}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(ReportPage, ChartHasCurvesBandsAndMarks) {
  const std::string page = ReportToHtml(FullReport());
  for (const char* part :
       {"class=\"accounted\"", "class=\"resident\"", "class=\"budget\"", "class=\"band elevated\"",
        "class=\"band critical\"", "pressure critical from 60.0 s to 80.0 s",
        "61.0 s: rest workers", "RAM 96 %", "too tight"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("band normal")));
  EXPECT_THAT(ReportToHtml(RunReport{}), HasSubstr("too short for a curve"));
}

TEST(ReportPage, EveryTextIsEscaped) {
  RunReport report = FullReport();
  const std::string evil = "<script>alert('1')</script>\"&";
  for (std::string* text : {&report.run_id,
                            &report.name,
                            &report.status,
                            &report.error,
                            &report.error_code,
                            &report.headrace_version,
                            &report.arrow_version,
                            &report.started_at,
                            &report.mode,
                            &report.mode_reason,
                            &report.stages[0].name,
                            &report.inputs[0].path,
                            &report.outputs[0].path,
                            &report.memory.budget_origin,
                            &report.memory.limit_origin,
                            &report.memory.pressure_events[0].to,
                            &report.memory.pressure_events[0].cause,
                            &report.memory.actions[0].what,
                            &report.memory.actions[0].cause,
                            &report.memory.samples[0].pressure,
                            &report.alerts[0].rule,
                            &report.alerts[0].level,
                            &report.alerts[0].message,
                            &report.notes[0],
                            &report.evidence[0]}) {
    *text = evil;
  }
  const std::string page = ReportToHtml(report);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("alert('1')")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;"));
  EXPECT_THAT(page, Not(HasSubstr("class=\"band &lt;"))) << "a level that is none draws no band";
}

TEST(ReportPage, IsWrittenWhole) {
  TemporaryDirectory directory;
  ASSERT_TRUE(WriteReportHtml(FullReport(), directory / "r.html").ok());
  EXPECT_EQ(ReadTextFile(directory / "r.html"), ReportToHtml(FullReport()));
  EXPECT_EQ(GetErrorKind(WriteReportHtml(FullReport(), directory / "none/r.html")),
            ErrorKind::kSink);
}

}  // namespace
}  // namespace headrace
