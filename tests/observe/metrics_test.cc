// Metrics: the text, the port, the file; and the observer that feeds them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "observe/http_testing.h"
#include "observe/metrics.h"
#include "observe/run_observer.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

RunSnapshot ScrapedSnapshot() {
  RunSnapshot snapshot;
  snapshot.run_id = "20261122T153059-4f9c1a2b7e60";
  snapshot.name = "city \"trips\"\\\n";
  snapshot.phase = "converting";
  snapshot.mode = "streaming";
  snapshot.seconds = 12.25;
  snapshot.threads = 4;
  snapshot.active_threads = 2;
  snapshot.rows = 6'001'215;
  snapshot.bytes = 1'000'000'000'000;
  snapshot.bytes_total = 2'000'000'000'000;
  snapshot.budget_bytes = 268'435'456;
  snapshot.base_bytes = 31'000'000;
  snapshot.slack_bytes = 10'000'000;
  snapshot.accounted_bytes = 120'000'000;
  snapshot.rss_bytes = 155'000'000;
  snapshot.rss_anonymous_bytes = 130'000'000;
  snapshot.rss_peak_bytes = 160'000'000;
  snapshot.refused_grants = 7;
  snapshot.limit_bytes = 4'294'967'296;
  snapshot.used_share = 0.875;
  snapshot.stall_some_share = 0.0125;
  snapshot.pressure = "high";
  snapshot.stages = {{"source", 10, 20}, {"filter", 1, 2}, {"filter", 3, 4}, {"sink", 30, 40}};
  snapshot.spilled_bytes = 5'000'000;
  snapshot.spilled_total_bytes = 9'000'000;
  snapshot.spill_room_bytes = 40'000'000'000;
  return snapshot;
}

TEST(Metrics, Text) {
  ExpectGolden(__FILE__, "golden/metrics.prom", MetricsText(ScrapedSnapshot()));
}

TEST(Metrics, EverySampleHasAFamilyAndNoneComesTwice) {
  std::istringstream lines(MetricsText(ScrapedSnapshot()));
  std::string family;
  std::vector<std::string> families;
  std::vector<std::string> samples;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      families.push_back(family);
      EXPECT_THAT(family, StartsWith("headrace_"));
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_EQ(line.substr(7, line.find(' ', 7) - 7), family);
      EXPECT_EQ(family.ends_with("_total"), line.ends_with(" counter")) << line;
    } else {
      EXPECT_THAT(line, StartsWith(family + "{name=\"city \\\"trips\\\"\\\\\\n\""));
      samples.push_back(line.substr(0, line.rfind(' ')));
    }
  }
  for (auto* names : {&families, &samples}) {
    std::sort(names->begin(), names->end());
    EXPECT_EQ(std::adjacent_find(names->begin(), names->end()), names->end());
  }
}

TEST(Metrics, EveryNameStandsInTheDocs) {
  const std::string test_file = __FILE__;
  const std::string page =
      ReadTextFile(test_file.substr(0, test_file.rfind('/') + 1) + "../../docs/metrics.md");
  std::istringstream lines(MetricsText(ScrapedSnapshot()));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# HELP ")) continue;
    const std::string family = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_TRUE(page.find("`" + family + "`") != std::string::npos ||
                page.find("`" + family + "{") != std::string::npos)
        << family;
  }
}

TEST(Metrics, WhatIsNotKnownIsLeftOut) {
  const std::string text = MetricsText({});
  EXPECT_THAT(text, Not(HasSubstr("headrace_input_size_bytes")));
  EXPECT_THAT(text, Not(HasSubstr("headrace_spill_room_bytes")));
  EXPECT_THAT(text, Not(HasSubstr("headrace_stage")));
  EXPECT_THAT(text, HasSubstr("\nheadrace_memory_pressure{level=\"normal\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nheadrace_run_state{state=\"running\"} 1\n"));
}

TEST(Metrics, ServedAtMetricsOnly) {
  auto outputs = MetricsOutputs::Make("127.0.0.1:0", "", {});
  ASSERT_TRUE(outputs.ok()) << outputs.status().message();
  (*outputs)->On(ScrapedSnapshot());
  const int port = (*outputs)->port();
  const std::string answer = Get(port, "/metrics");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer, EndsWith(MetricsText(ScrapedSnapshot())));
  EXPECT_THAT(Get(port, "/"), StartsWith("HTTP/1.1 404"));
  (*outputs)->Finish();
  EXPECT_FALSE(RawClient(port).connected());
}

TEST(Metrics, TheFileIsReplacedAtMostOncePerSecondAndAtTheEnd) {
  TemporaryDirectory directory;
  const std::string path = directory / "run.prom";
  auto outputs = MetricsOutputs::Make("", path, {});
  ASSERT_TRUE(outputs.ok()) << outputs.status().message();
  EXPECT_EQ((*outputs)->port(), 0);
  EXPECT_THAT(ReadTextFile(path), HasSubstr("headrace_input_rows_total 0\n"));

  // Whoever looks sees a whole page, and few of them.
  RunSnapshot snapshot;
  std::vector<std::string> seen;
  const auto start = Clock::now();
  for (int64_t row = 1; SecondsSince(start) < 1.5; ++row) {
    snapshot.rows = row;
    (*outputs)->On(snapshot);
    const std::string text = ReadTextFile(path);
    EXPECT_THAT(text, EndsWith("headrace_spill_written_bytes_total 0\n"));
    if (seen.empty() || seen.back() != text) seen.push_back(text);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GE(seen.size(), 2u);
  EXPECT_LE(seen.size(), 4u);

  snapshot.rows = 123'456'789;
  snapshot.ended = true;
  snapshot.status = "published";
  (*outputs)->On(snapshot);
  (*outputs)->Finish();
  EXPECT_EQ(ReadTextFile(path), MetricsText(snapshot));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1)
      << "no temporary file is left";
}

TEST(Metrics, AFileThatCannotBeWrittenIsToldAtOnceOrLogged) {
  TemporaryDirectory directory;
  const Status status = MetricsOutputs::Make("", directory / "none/run.prom", {}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kSink);
  EXPECT_THAT(status.message(), HasSubstr("metrics file"));

  std::vector<std::string> lines;
  const std::string place = directory / "place";
  std::filesystem::create_directory(place);
  auto outputs = MetricsOutputs::Make("", place + "/run.prom",
                                      [&](const std::string& line) { lines.push_back(line); });
  ASSERT_TRUE(outputs.ok());
  std::filesystem::remove_all(place);
  (*outputs)->On(ScrapedSnapshot());
  (*outputs)->Finish();
  EXPECT_THAT(lines, ElementsAre(HasSubstr("not up to date")));
}

TEST(RunObserver, AlertsMetricsAndListenersSeeTheRun) {
  TemporaryDirectory directory;
  RunObserverOptions options;
  AlertSpec failure;
  failure.on = {"failure", "memory_pressure"};
  failure.targets = {{AlertTarget::Kind::kFile, directory / "alerts.jsonl"}};
  options.alerts = {failure};
  options.metrics_address = "127.0.0.1:0";
  options.metrics_file = directory / "run.prom";
  std::vector<double> heard;
  options.listeners.push_back(
      [&](const RunSnapshot& snapshot) { heard.push_back(snapshot.seconds); });
  auto observer = RunObserver::Make(std::move(options));
  ASSERT_TRUE(observer.ok()) << observer.status().message();

  RunSnapshot snapshot = ScrapedSnapshot();
  (*observer)->On(snapshot);
  EXPECT_THAT(Get((*observer)->metrics_port(), "/metrics"), HasSubstr("level=\"high\"} 1\n"));
  snapshot.seconds = 13;
  snapshot.ended = true;
  snapshot.status = "failed";
  snapshot.error_code = "E0701";
  (*observer)->On(snapshot);
  const auto events = (*observer)->Finish();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].rule, "memory_pressure");
  EXPECT_EQ(events[1].rule, "failure");
  EXPECT_EQ(events[1].deliveries, 1);
  EXPECT_THAT(heard, ElementsAre(12.25, 13));
  EXPECT_THAT(ReadTextFile(directory / "alerts.jsonl"), HasSubstr("E0701"));
  EXPECT_THAT(ReadTextFile(directory / "run.prom"), HasSubstr("state=\"failed\"} 1\n"));
}

TEST(RunObserver, WhatCannotWorkIsToldBeforeTheRun) {
  RunObserverOptions alert;
  alert.alerts.emplace_back().on = {"nothing"};
  EXPECT_EQ(ExitCode(RunObserver::Make(std::move(alert)).status()), 3);
  RunObserverOptions address;
  address.metrics_address = "0.0.0.0:9464";
  EXPECT_EQ(ExitCode(RunObserver::Make(std::move(address)).status()), 3);
}

TEST(RunObserver, NothingWantedCostsNothing) {
  auto observer = RunObserver::Make({});
  ASSERT_TRUE(observer.ok());
  (*observer)->On(ScrapedSnapshot());
  EXPECT_EQ((*observer)->metrics_port(), 0);
  EXPECT_TRUE((*observer)->Finish().empty());
}

}  // namespace
}  // namespace headrace
