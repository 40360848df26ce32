// The commands that look at runs, over a fake registry: monitor, status, report; and what a run's
// own command line asks of it to be watched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/run_view.h"
#include "cli/table.h"
#include "fake_run.h"
#include "run_headrace.h"
#include "support/golden.h"
#include "support/temporary_directory.h"

namespace headrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

[[noreturn]] void ServeUntilSignal(int number) {
  TheFakeRun().raise_signal = number;
  const char* argv[] = {"headrace", "monitor", "--serve", "127.0.0.1:8080"};
  exit(RunCommandLine(4, argv));
}

RegisteredRun MakeRun(const std::string& id, RunState state) {
  RegisteredRun run;
  run.state = state;
  run.snapshot.run_id = id;
  run.snapshot.name = "trips";
  run.snapshot.output = "/out/" + id;
  run.snapshot.process_id = 4711;
  run.snapshot.phase = "converting";
  run.snapshot.rows = 2'520'000;
  run.snapshot.bytes = 42;
  run.snapshot.bytes_total = 100;
  run.snapshot.seconds = 12.5;
  run.snapshot.threads = 4;
  run.snapshot.active_threads = 3;
  run.snapshot.mode = "streaming";
  run.snapshot.budget_bytes = 256 << 20;
  run.snapshot.budget_origin = "--memory";
  run.snapshot.rss_bytes = 128 << 20;
  run.snapshot.stages = {{"sink", 64 << 20, 80 << 20}};
  run.snapshot.pressure = "elevated";
  run.snapshot.used_of = "anonymous memory of cgroup v2 /a";
  run.snapshot.used_share = 0.77;
  run.curve = {{.seconds = 1, .budget_bytes = 8, .rss_bytes = 1},
               {.seconds = 2, .budget_bytes = 8, .rss_bytes = 8}};
  run.rows_per_second = 280'000;
  run.bytes_per_second = 145.3e6;
  if (state == RunState::kEnded) run.snapshot.status = "published";
  if (state == RunState::kDied) run.diagnosis = {"likely cause: a test"};
  return run;
}

class Watching : public testing::Test {
 protected:
  void SetUp() override {
    TheFakeRun() = FakeRun{};
    TheFakeRun().report.status = "published";
  }
};

TEST_F(Watching, OneRunningRunIsShownWhole) {
  TheFakeRun().runs = {MakeRun("20261122T1-a", RunState::kRunning),
                       MakeRun("20261121T1-b", RunState::kEnded)};
  const Output output = Headrace({"monitor", "--once"});
  EXPECT_EQ(output.exit_code, 0) << output.err;
  EXPECT_THAT(output.out, HasSubstr("trips -> /out/20261122T1-a (20261122T1-a, process 4711)\n"));
  EXPECT_THAT(output.out,
              HasSubstr("[#############.................] 42 %  2,520,000 rows, 280,000 "
                        "rows/s, 145.3 MB/s, 12.5 s\n"));
  EXPECT_THAT(output.out, HasSubstr("[###############...............] 128.0 MiB resident of 256.0 "
                                    "MiB (--memory)"));
  EXPECT_THAT(output.out, HasSubstr("▂█\n"));
  EXPECT_THAT(output.out,
              HasSubstr("pressure   elevated, anonymous memory of cgroup v2 /a 77 % full\n"));
  EXPECT_THAT(output.out, HasSubstr("3 of 4 at work, streaming\n"));
  EXPECT_THAT(output.out, HasSubstr("sink         holds 64.0 MiB, at most 80.0 MiB\n"));
  EXPECT_THAT(output.out, Not(HasSubstr("20261121T1-b")));
  EXPECT_THAT(output.out, Not(HasSubstr("\x1b")));  // no colours and no redrawing into a pipe
}

TEST_F(Watching, SeveralRunsAreAListAndAPrefixPicksOne) {
  TheFakeRun().runs = {MakeRun("20261122T1-a", RunState::kRunning),
                       MakeRun("20261122T0-b", RunState::kRunning),
                       MakeRun("20261121T1-c", RunState::kDied)};
  const std::string list = Headrace({"monitor", "--once"}).out;
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 2) << list;
  EXPECT_THAT(list, HasSubstr("running    trips -> /out/20261122T0-b: converting 42 %"));
  const std::string one = Headrace({"monitor", "--once", "--run", "20261122T0"}).out;
  EXPECT_THAT(one, HasSubstr("(20261122T0-b, process"));
  const std::string dead = Headrace({"monitor", "--once", "--run", "20261121"}).out;
  EXPECT_THAT(dead, HasSubstr("died"));
  EXPECT_THAT(dead, HasSubstr("likely cause: a test"));
}

TEST_F(Watching, NoRunIsNoFailure) {
  const Output output = Headrace({"monitor", "--once"});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.out, "no run of this user is running now\n");
  EXPECT_EQ(Headrace({"status"}).out, "no run of this user is known\n");
}

TEST_F(Watching, LinesEndWithTheRunThatWasAskedFor) {
  TheFakeRun().runs = {MakeRun("20261122T1-a", RunState::kEnded)};
  const Output output = Headrace({"monitor", "--run", "2026"});  // without --once, into a pipe
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_THAT(output.out,
              testing::StartsWith("published  trips -> /out/20261122T1-a: 2,520,000 rows"));
}

TEST_F(Watching, StatusDescribesAndKeepsDiagnoses) {
  TheFakeRun().runs = {MakeRun("r1", RunState::kRunning), MakeRun("r2", RunState::kDied),
                       MakeRun("r3", RunState::kEnded)};
  const Output output = Headrace({"status"});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_THAT(output.out, HasSubstr("running    trips -> /out/r1: converting"));
  EXPECT_THAT(output.out, HasSubstr("died       trips -> /out/r2: "));
  EXPECT_THAT(output.out, HasSubstr("\n  likely cause: a test\n"));
  EXPECT_THAT(output.out, HasSubstr("published  trips -> /out/r3: "));
  EXPECT_THAT(TheFakeRun().kept, ElementsAre("r2"));
}

TEST_F(Watching, StatusOfATarget) {
  TheFakeRun().runs = {MakeRun("r1", RunState::kDied), MakeRun("r2", RunState::kEnded)};
  TheFakeRun().target = {
      .path = "", .found = true, .last_run = "append 2026: 5 rows", .unfinished = 1};
  const std::string out = Headrace({"status", "/out/r1"}).out;
  EXPECT_THAT(out, testing::StartsWith("target     /out/r1: stands, last published: append 2026: 5 "
                                       "rows; 1 unfinished transaction was left there"));
  EXPECT_THAT(out, HasSubstr("died       trips -> /out/r1"));
  EXPECT_THAT(out, Not(HasSubstr("/out/r2")));
  TheFakeRun().runs = {MakeRun("r1", RunState::kRunning)};  // its own transaction is not left there
  EXPECT_THAT(Headrace({"status", "/out/r1"}).out, Not(HasSubstr("unfinished")));
}

TEST_F(Watching, ARegistryThatCannotBeTrustedIsAnError) {
  TheFakeRun().list_status = MakeError(ErrorKind::kSink, 999, "not yours");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"status"}, std::vector<std::string>{"monitor", "--once"}}) {
    const Output output = Headrace(words);
    EXPECT_EQ(output.exit_code, 6);
    EXPECT_THAT(output.err, HasSubstr("not yours"));
  }
}

TEST_F(Watching, ServesUntilStopped) {
  EXPECT_EXIT(ServeUntilSignal(SIGINT), testing::ExitedWithCode(0), "");
  TheFakeRun().status = MakeError(ErrorKind::kNetwork, 999, "the address is taken");
  const Output output = Headrace({"monitor", "--serve", "127.0.0.1:8080"});
  EXPECT_EQ(output.exit_code, 4);
  EXPECT_EQ(TheFakeRun().served_address, "127.0.0.1:8080");
}

TEST_F(Watching, ControlCharactersDoNotReachTheTerminal) {
  RegisteredRun run = MakeRun("r1", RunState::kRunning);
  run.snapshot.name = "a\x1b[2Jb\nc";
  for (const std::string& line : RunView(run, 200, Colours::kNone)) {
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    EXPECT_THAT(line, Not(HasSubstr("\n")));
  }
}

TEST_F(Watching, LinesAreCutAtTheBorderOfACharacter) {
  RegisteredRun run = MakeRun("r1", RunState::kRunning);
  run.curve.assign(60, {.seconds = 1, .budget_bytes = 8, .rss_bytes = 8});
  run.snapshot.name = "ééééééééééééééééééééééééééééééé";
  for (int width = 1; width < 60; ++width) {
    for (const std::string& line : RunView(run, width, Colours::kNone)) {
      EXPECT_LE(DisplayWidth(line), width);
      // One that is no UTF-8 any more would not be JSON text.
      EXPECT_NO_THROW(static_cast<void>(nlohmann::json(line).dump())) << line;
    }
  }
}

TEST_F(Watching, ARunIsRegisteredAndServesMetricsWhenAsked) {
  EXPECT_EQ(Headrace({"convert", "a", "b", "--metrics", "127.0.0.1:9464", "--metrics-file",
                      "m.prom", "--streaming-threshold", "1000"})
                .exit_code,
            0);
  EXPECT_TRUE(TheFakeRun().registered);
  EXPECT_EQ(TheFakeRun().metrics_address, "127.0.0.1:9464");
  EXPECT_EQ(TheFakeRun().metrics_file, "m.prom");
  const StreamingThresholds& rows = TheFakeRun().job.resources.streaming;
  EXPECT_EQ(rows.normal, 1000);
  EXPECT_EQ(rows.elevated, 400);
  EXPECT_EQ(rows.high, 200);
}

TEST_F(Watching, ChangesOfPressureAreLines) {
  RunSnapshot calm, tight;
  tight.pressure = "high";
  tight.used_of = "RAM";
  tight.used_share = 0.88;
  tight.seconds = 3;
  TheFakeRun().snapshots = {calm, tight, tight, calm};
  EXPECT_THAT(Headrace({"convert", "a", "b"}).err, Not(HasSubstr("pressure")));
  const std::string text = Headrace({"convert", "a", "b", "-v"}).err;
  EXPECT_THAT(text, HasSubstr("memory pressure normal -> high after 3.0 s: RAM 88 % full\n"));
  EXPECT_THAT(text, HasSubstr("memory pressure high -> normal after"));
  const std::string lines = Headrace({"convert", "a", "b", "--log-format", "json"}).err;
  const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first["level"], "pressure");
  EXPECT_EQ(first["from"], "normal");
  EXPECT_EQ(first["to"], "high");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);  // two changes and the last line
}

TEST_F(Watching, ReportShow) {
  TemporaryDirectory directory;
  const std::string path = directory / "r.json";
  TheFakeRun().report.run_id = "20261122T1-a";
  TheFakeRun().report.memory.samples = {{.seconds = 1, .rss_bytes = 5, .budget_bytes = 10}};
  ASSERT_EQ(Headrace({"convert", "a", "b", "-q", "--report", path}).exit_code, 0);
  const Output text = Headrace({"report", "show", path});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("run 20261122T1-a"));
  const Output page = Headrace({"report", "show", path, "--html", directory / "r.html"});
  EXPECT_EQ(page.exit_code, 0) << page.err;
  EXPECT_THAT(page.out, IsEmpty());
  EXPECT_THAT(ReadTextFile(directory / "r.html"), HasSubstr("<svg"));
  EXPECT_EQ(Headrace({"report", "show", path, "--html", path}).exit_code, 2);
  EXPECT_EQ(Headrace({"report", "show", directory / "none.json"}).exit_code, 4);
  std::ofstream(path) << "{";
  const Output junk = Headrace({"report", "show", path});
  EXPECT_EQ(junk.exit_code, 9);
  EXPECT_THAT(junk.err, HasSubstr(path));
}

}  // namespace
}  // namespace headrace::cli
