// The whole command line over a fake of headrace/run.h: flags to jobs, outcomes to lines and exit
// codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/progress.h"
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
using testing::Pair;

[[noreturn]] void ConvertUntilSignal(int number) {
  TheFakeRun().raise_signal = number;
  const char* argv[] = {"headrace", "convert", "a", "b"};
  exit(RunCommandLine(4, argv));
}

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    TheFakeRun() = FakeRun{};
    TheFakeRun().report.status = "published";
    TheFakeRun().report.rows_out = 6001215;
    TheFakeRun().report.outputs = {
        {.path = "out/trips", .rows = 6001215, .files = 84, .bytes = 144'200'000}};
    TheFakeRun().report.memory.rss_peak_bytes = 124151398;
    TheFakeRun().report.memory.budget_bytes = 256 << 20;
    TheFakeRun().report.wall_seconds = 9.1;
  }
  const JobSpec& job() { return TheFakeRun().job; }
};

TEST_F(CommandLine, ConvertFillsTheJob) {
  const Output output = Headrace({"convert",
                                  "a.csv",
                                  "b.csv",
                                  "out",
                                  "--limit",
                                  "5",
                                  "--select",
                                  "x,\"a,b\"",
                                  "--where",
                                  "x > 1",
                                  "--derive",
                                  "m=month(d)",
                                  "--derive",
                                  "e=a = b",
                                  "--types",
                                  "a:int32,b:decimal(12,2)",
                                  "--types=c:date",
                                  "--partition-by",
                                  "m,x",
                                  "--mode",
                                  "overwrite-partitions",
                                  "--compression",
                                  "zstd:1",
                                  "--delimiter",
                                  "tab",
                                  "--quote",
                                  "none",
                                  "--no-header",
                                  "--null-values",
                                  "NA,\"\"",
                                  "--memory",
                                  "25%",
                                  "--threads=2",
                                  "--target-file-size",
                                  "1GB",
                                  "--durability",
                                  "none",
                                  "--from",
                                  "csv"});
  ASSERT_EQ(output.exit_code, 0) << output.err;
  EXPECT_THAT(job().inputs.at(0).paths, ElementsAre("a.csv", "b.csv"));
  EXPECT_EQ(job().output.path, "out");
  ASSERT_EQ(job().steps.size(),
            4u);  // derive, where, select, limit, whatever the order of the flags
  EXPECT_THAT(std::get<DeriveStep>(job().steps[0].what).columns,
              ElementsAre(Pair("m", "month(d)"), Pair("e", "a = b")));
  EXPECT_EQ(std::get<FilterStep>(job().steps[1].what).predicate, "x > 1");
  EXPECT_THAT(std::get<SelectStep>(job().steps[2].what).columns, ElementsAre("x", "a,b"));
  EXPECT_EQ(std::get<LimitStep>(job().steps[3].what).rows, 5);
  const CsvOptions& csv = job().inputs[0].csv;
  EXPECT_THAT(csv.types,
              ElementsAre(Pair("a", "int32"), Pair("b", "decimal(12,2)"), Pair("c", "date")));
  EXPECT_EQ(csv.delimiter, '\t');
  EXPECT_EQ(csv.quote, '\0');
  EXPECT_EQ(csv.header, false);
  EXPECT_THAT(*csv.null_values, ElementsAre("NA", ""));
  EXPECT_EQ(job().resources.memory, "25%");
  EXPECT_EQ(job().resources.threads, 2);
  EXPECT_THAT(job().output.partition_by, ElementsAre("m", "x"));
  EXPECT_EQ(job().output.mode, WriteMode::kOverwritePartitions);
  EXPECT_EQ(job().output.target_file_bytes, 1'000'000'000);
  EXPECT_FALSE(job().output.durable);
}

TEST_F(CommandLine, LastLineSaysWhatHappened) {
  const Output output = Headrace({"convert", "a.csv", "out/trips"});
  EXPECT_EQ(output.err,
            "published out/trips: 6001215 rows, 84 files, 144.2 MB, 0 rows quarantined, peak 118.4 "
            "of 256.0 MiB, 9.1 s\n");
  EXPECT_THAT(output.out, IsEmpty());
  EXPECT_THAT(Headrace({"convert", "a", "b", "-q"}).err, IsEmpty());
  const auto json =
      nlohmann::json::parse(Headrace({"convert", "a", "b", "--log-format", "json"}).err);
  EXPECT_EQ(json["status"], "published");
  EXPECT_EQ(json["rows"], 6001215);
}

TEST_F(CommandLine, GlobalFlagsMayStandBeforeTheCommand) {
  EXPECT_EQ(Headrace({"--memory", "64MiB", "-q", "convert", "a", "b"}).exit_code, 0);
  EXPECT_EQ(job().resources.memory, "64MiB");
  EXPECT_THAT(Headrace({"--memory", "64MiB", "doctor"}).err,
              HasSubstr("--memory does not belong to doctor"));
}

TEST_F(CommandLine, StandardInputAndOddValues) {
  EXPECT_EQ(Headrace({"convert", "-", "out", "--from", "csv", "--where=-x > 1", "--comment", "-"})
                .exit_code,
            0);
  EXPECT_THAT(job().inputs.at(0).paths, ElementsAre("-"));
  EXPECT_EQ(std::get<FilterStep>(job().steps.at(0).what).predicate, "-x > 1");
  EXPECT_EQ(Headrace({"convert", "--", "-a.csv", "out"}).exit_code, 0);
  EXPECT_THAT(job().inputs.at(0).paths, ElementsAre("-a.csv"));
}

TEST_F(CommandLine, UsageErrorsAreOneLineAndExitTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "no command is given"},
      {{"conver", "a", "b"}, "did you mean 'convert'?"},
      {{"convert", "a"}, "needs more arguments"},
      {{"convert", "a", "b", "--wher", "x"}, "did you mean '--where'?"},
      {{"convert", "a", "b", "--where"}, "flag --where needs a value"},
      {{"convert", "a", "b", "--schema", "x"}, "not available in this version"},
      {{"convert", "a", "b", "--streaming-threshold", "many"}, "--streaming-threshold"},
      {{"preview", "a", "--streaming-threshold", "9"}, "does not belong to preview"},
      {{"monitor", "x"}, "monitor takes fewer arguments"},
      {{"monitor", "--run", "nobody"}, "no run of this user has an id that begins with 'nobody'"},
      {{"monitor", "--serve", "127.0.0.1:0", "--once"}, "leave --once and --run out"},
      {{"status", "--once"}, "--once does not belong to status"},
      {{"report", "show"}, "report needs more arguments"},
      {{"report", "shwo", "r.json"}, "did you mean 'show'?"},
      {{"convert", "a", "b", "--bad-rows", "skip"}, "--bad-rows"},
      {{"convert", "a", "b", "--max-bad-rows", "-1"}, "--max-bad-rows"},
      {{"convert", "a", "b", "--max-bad-rows", "101%"}, "--max-bad-rows"},
      {{"convert", "a", "b", "--limit", "1", "--limit", "2"}, "given twice"},
      {{"convert", "a", "b", "--limit", "-1"}, "--limit"},
      {{"convert", "a", "b", "--threads", "0"}, "--threads: '0' is no whole number from 1"},
      {{"convert", "a", "b", "--memory", "lots"}, "--memory"},
      {{"convert", "a", "b", "--mode", "overwrit"}, "did you mean 'overwrite'?"},
      {{"convert", "a", "b", "--derive", "month(d)"}, "NAME=EXPRESSION"},
      {{"convert", "a", "b", "--types", "a"}, "NAME:TYPE"},
      {{"convert", "a", "b", "--delimiter", "ab"}, "no single character"},
      {{"convert", "a", "b", "--report", "/nowhere/at/all/r.json"},
       "there is no directory /nowhere/at/all"},
      {{"run", "p.yaml", "--where", "x"}, "--where does not belong to run"},
      {{"run", "p.yaml", "q.yaml"}, "takes fewer arguments"},
      {{"plan", "p.yaml", "--where", "x"}, "--where does not go with a pipeline file"},
      {{"plan", "in.csv"}, "plan needs a pipeline file"},
      {{"completions", "tcsh"}, "bash, zsh and fish"},
  };
  for (const auto& [words, part] : cases) {
    const Output output = Headrace(words);
    EXPECT_EQ(output.exit_code, 2) << output.err;
    EXPECT_THAT(output.err, testing::StartsWith("error E0100 (usage): "));
    EXPECT_THAT(output.err, HasSubstr(part));
    EXPECT_EQ(std::count(output.err.begin(), output.err.end(), '\n'), 1) << output.err;
  }
}

TEST_F(CommandLine, FailuresGiveTheirExitCodeAndTheirReport) {
  TemporaryDirectory directory;
  const std::vector<std::pair<ErrorKind, int>> codes = {
      {ErrorKind::kInternal, 1},     {ErrorKind::kInvalidPlan, 3}, {ErrorKind::kInvalidConfig, 3},
      {ErrorKind::kSource, 4},       {ErrorKind::kCheckFailed, 5}, {ErrorKind::kSink, 6},
      {ErrorKind::kCommitFailed, 6}, {ErrorKind::kOutOfMemory, 7}, {ErrorKind::kOutOfDisk, 7},
      {ErrorKind::kLocked, 8},       {ErrorKind::kBadInput, 9}};
  for (const auto& [kind, code] : codes) {
    TheFakeRun().status = MakeError(kind, 412, "it went wrong at in.csv:3");
    TheFakeRun().report.status = "failed";
    const Output output = Headrace({"convert", "a", "b", "--report", directory / "r.json"});
    EXPECT_EQ(output.exit_code, code);
    EXPECT_THAT(output.err, testing::StartsWith("error E0412 ("));
    EXPECT_EQ(nlohmann::json::parse(ReadTextFile(directory / "r.json"))["exit_code"], code);
  }
  const auto json =
      nlohmann::json::parse(Headrace({"convert", "a", "b", "--log-format", "json"}).err);
  EXPECT_EQ(json["code"], "E0412");
  EXPECT_EQ(json["exit_code"], 9);
  TheFakeRun().status = WithSnippet(MakeError(ErrorKind::kInvalidPlan, 201, "wrong"), "a +\n   ^");
  EXPECT_EQ(Headrace({"convert", "a", "b"}).err, "error E0201 (invalid plan): wrong\n");
  EXPECT_EQ(Headrace({"convert", "a", "b", "-v"}).err,
            "error E0201 (invalid plan): wrong\na +\n   ^\n");
}

TEST_F(CommandLine, UsageErrorsAsJson) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--log-format", "json", "convert", "a", "b", "--wher", "x"},
        std::vector<std::string>{"convert", "a", "b", "--log-format=json", "--limit", "x"}}) {
    const auto json = nlohmann::json::parse(Headrace(words).err);
    EXPECT_EQ(json["exit_code"], 2);
    EXPECT_EQ(json["code"], "E0100");
  }
}

TEST_F(CommandLine, EvidenceAsJson) {
  TheFakeRun().report.evidence = {"header: yes"};
  const auto preview =
      nlohmann::json::parse(Headrace({"preview", "a.csv", "-v", "--log-format", "json"}).err);
  EXPECT_EQ(preview["level"], "evidence");
  EXPECT_EQ(preview["message"], "delimiter ','");
  const std::string lines = Headrace({"convert", "a", "b", "-v", "--log-format=json"}).err;
  EXPECT_EQ(nlohmann::json::parse(lines.substr(0, lines.find('\n')))["message"], "header: yes");
  EXPECT_EQ(nlohmann::json::parse(lines.substr(lines.find('\n')))["level"], "info");
}

TEST_F(CommandLine, ReportToStandardOutput) {
  TheFakeRun().report.name = "city_trips";
  TheFakeRun().report.inputs = {{.path = "in.csv", .source = "trips"}};
  TheFakeRun().report.stages = {{.name = "source"}};
  const auto json = nlohmann::json::parse(Headrace({"convert", "a", "b", "--report", "-"}).out);
  EXPECT_EQ(json["rows_out"], 6001215);
  EXPECT_EQ(json["report_version"], 2);
  EXPECT_EQ(json["name"], "city_trips");
  EXPECT_EQ(json["inputs"][0]["source"], "trips");
  EXPECT_FALSE(json["stages"][0].contains("shrinks"));
}

TEST_F(CommandLine, PipelinesTakeFlagsOverTheFile) {
  TheFakeRun().pipeline.inputs = {InputSpec{{"in.csv"}, "", {}}};
  TheFakeRun().pipeline.output.path = "out";
  TheFakeRun().pipeline.resources.memory = "1GiB";
  TheFakeRun().pipeline.resources.threads = 7;
  EXPECT_EQ(Headrace({"run", "p.yaml", "--memory", "64MiB"}).exit_code, 0);
  EXPECT_EQ(job().resources.memory, "64MiB");
  EXPECT_EQ(job().resources.threads, 7);
  EXPECT_THAT(Headrace({"validate", "p.yaml"}).out,
              HasSubstr("p.yaml: valid: 0 steps, in.csv -> out"));
  EXPECT_EQ(Headrace({"plan", "p.yaml"}).out, "sink ...\n");
  EXPECT_EQ(Headrace({"preview", "p.yml", "-n", "3"}).exit_code, 0);
  EXPECT_EQ(TheFakeRun().preview_rows, 3);
  TheFakeRun().status = MakeError(ErrorKind::kInvalidConfig, 118, "p.yaml:3:1: unknown key");
  EXPECT_EQ(Headrace({"validate", "p.yaml"}).exit_code, 3);
}

TEST_F(CommandLine, PreviewPrintsATable) {
  const Output output = Headrace({"preview", "a.csv", "-v"});
  EXPECT_EQ(output.out, "   id  name\nint64  string\n-----  ------\n    1  ada\n   20  NULL\n");
  EXPECT_EQ(output.err, "delimiter ','\n");
}

TEST_F(CommandLine, ASignalEndsTheRunWithItsOwnCode) {
  // In processes of their own: the stop flag stays set.
  for (const auto& [number, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    EXPECT_EXIT(ConvertUntilSignal(number), testing::ExitedWithCode(code), "nothing was published");
  }
}

TEST_F(CommandLine, ProgressAndNotes) {
  TheFakeRun().progress_calls = 3;
  TheFakeRun().report.notes = {"no exchange here: two renames"};
  const Output output = Headrace({"convert", "a", "b", "--progress", "always"});
  EXPECT_THAT(output.err, HasSubstr("converting   50% [##########          ]  10 rows"));
  EXPECT_THAT(output.err, HasSubstr("note: no exchange here: two renames\n"));
  EXPECT_THAT(Headrace({"convert", "a", "b"}).err, testing::Not(HasSubstr("converting")));
}

TEST_F(CommandLine, HelpVersionDoctorCompletions) {
  EXPECT_THAT(Headrace({"--help"}).out, HasSubstr("headrace convert"));
  EXPECT_THAT(Headrace({"convert", "--help"}).out, HasSubstr("--partition-by COLUMN,..."));
  EXPECT_THAT(Headrace({"run", "-h"}).out, testing::Not(HasSubstr("--partition-by")));
  EXPECT_EQ(Headrace({"--version"}).out, "headrace 0\n");
  EXPECT_EQ(Headrace({"doctor"}).out, "disk    .\nmemory  1 GiB\n");
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_THAT(Headrace({"completions", shell}).out, HasSubstr("partition-by"));
}

TEST(Table, FitsAndCuts) {
  PreviewResult preview{{"a", "b", "c"},
                        {"int64", "string", "date"},
                        {{"1", std::string(60, 'x'), "2024-01-01"}, {"22", "tab\there é", "NULL"}},
                        {}};
  const std::string table = FormatTable(preview, 50);
  EXPECT_THAT(table, HasSubstr("    1  " + std::string(39, 'x') + "…\n"));
  EXPECT_THAT(table, HasSubstr("tab\\there é"));
  EXPECT_THAT(table, HasSubstr("… 1 more columns: c\n"));
  EXPECT_EQ(DisplayWidth("é日e\u0301"), 4);
}

TEST(Progress, LineIsCutToTheWidth) {
  const Progress progress{
      .phase = "converting", .rows = 2520000, .bytes = 42, .bytes_total = 100, .seconds = 2};
  EXPECT_THAT(ProgressLine(progress, 200),
              HasSubstr(" 42% [########            ]  2,520,000 rows"));
  EXPECT_THAT(ProgressLine(progress, 200), HasSubstr("ETA 2.8 s"));
  EXPECT_EQ(ProgressLine(progress, 20).size(), 20u);
}

TEST(Reference, PageIsCurrent) {
  ExpectGeneratedPart(__FILE__, "../../docs/cli.md", "flags", CommandReferenceMarkdown());
}

}  // namespace
}  // namespace headrace::cli
