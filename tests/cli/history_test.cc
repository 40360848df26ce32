// history, show, rollback, vacuum and recover: what they ask for and what they print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "fake_run.h"
#include "run_headrace.h"

namespace headrace::cli {
namespace {

using testing::HasSubstr;

class Past : public testing::Test {
 protected:
  void SetUp() override {
    TheFakeRun() = FakeRun{};
    LedgerEntry newest;
    newest.run_id = "20261123T1-b";
    newest.published_at = "2026-11-23T01:00:00Z";
    newest.mode = "rollback";
    newest.rolled_back_to = "20261122T1-a";
    newest.state = "current";
    newest.rows = 1234;
    newest.files = 2;
    newest.bytes = 2048;
    LedgerEntry oldest;
    oldest.run_id = "20261122T1-a";
    oldest.published_at = "2026-11-22T01:00:00Z";
    oldest.mode = "create";
    oldest.state = "retained";
    oldest.retained_until = "2026-11-24T01:00:00Z";
    oldest.inputs = {{"a\nb.csv", 10, 5}};
    oldest.notes = {"no hard links"};
    TheFakeRun().history = {"/d/out", {newest, oldest}, 5, {"/d/.out.headrace/rescued-x"}};
  }
};

TEST_F(Past, HistoryIsATable) {
  const Output output = Headrace({"history", "out", "-n", "2"});
  EXPECT_EQ(output.exit_code, 0) << output.err;
  EXPECT_EQ(TheFakeRun().dataset, "out");
  EXPECT_EQ(TheFakeRun().entries_max, 2);
  EXPECT_EQ(output.out,
            "published             run            rows  files    bytes  mode                      "
            "state\n"
            "2026-11-23T01:00:00Z  20261123T1-b  1,234      2  2.0 KiB  rollback to 20261122T1-a  "
            "current\n"
            "2026-11-22T01:00:00Z  20261122T1-a      0      0      0 B  create                    "
            "retained until 2026-11-24T01:00:00Z\n"
            "and 3 older ones; --rows shows more\n"
            "rescued  /d/.out.headrace/rescued-x: another program's content, yours to look at and "
            "remove\n");
}

TEST_F(Past, HistoryIsJsonOnDemand) {
  const Output output = Headrace({"history", "out", "--format", "json"});
  EXPECT_EQ(TheFakeRun().entries_max, 20);
  const auto json = nlohmann::json::parse(output.out);
  EXPECT_EQ(json["target"], "/d/out");
  EXPECT_EQ(json["runs_total"], 5);
  EXPECT_EQ(json["runs"][0]["rolled_back_to"], "20261122T1-a");
  EXPECT_EQ(json["runs"][1]["state"], "retained");
  EXPECT_EQ(Headrace({"history", "out", "--format", "yaml"}).exit_code, 2);
}

TEST_F(Past, ShowTellsAllAndKeepsItsLines) {
  std::swap(TheFakeRun().history.entries[0], TheFakeRun().history.entries[1]);
  const Output output = Headrace({"show", "20261122", "out"});
  EXPECT_EQ(TheFakeRun().run, "20261122");
  EXPECT_EQ(TheFakeRun().dataset, "out");
  EXPECT_THAT(output.out, HasSubstr("input       a?b.csv: 5 rows, 10 B\n"));
  EXPECT_THAT(output.out, HasSubstr("note        no hard links\n"));
  const auto json = nlohmann::json::parse(Headrace({"show", "a", "out", "--format", "json"}).out);
  EXPECT_EQ(json["inputs"][0]["path"], "a\nb.csv");
}

TEST_F(Past, RollbackSaysWhatItDid) {
  TheFakeRun().rollback = {"c", "a", "b", "2026-11-24T01:00:00Z", 7, {"no hard links"}};
  const Output output = Headrace({"rollback", "out", "a", "--retain", "2d"});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_EQ(output.out, "");
  EXPECT_EQ(output.err,
            "note: no hard links\n"
            "rolled back out to run a: 7 files, as run c; run b can be rolled back to until "
            "2026-11-24T01:00:00Z\n");
  EXPECT_EQ(TheFakeRun().retain_seconds, 172'800);
  EXPECT_EQ(Headrace({"rollback", "out", "a", "-q"}).err, "");
  EXPECT_EQ(TheFakeRun().retain_seconds, std::nullopt);
  EXPECT_EQ(Headrace({"rollback", "out"}).exit_code, 2);
}

TEST_F(Past, VacuumListsWhatWentAndWhatItFreed) {
  TheFakeRun().vacuum.removed = {{"a", "2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z", 3, 4096},
                                 {"", "2026-11-22T01:00:00Z", "2026-11-23T01:00:00Z", 1, 1024}};
  TheFakeRun().vacuum.kept_generations = 1;
  const Output output = Headrace({"vacuum", "out", "--older-than", "1500ms"});
  EXPECT_EQ(TheFakeRun().vacuum_request.older_than_seconds, 2);
  EXPECT_FALSE(TheFakeRun().vacuum_request.dry_run);
  EXPECT_EQ(output.out,
            "removed  run a: replaced 2026-11-22T01:00:00Z, retained until 2026-11-23T01:00:00Z, 3 "
            "files, 4.0 KiB freed\n"
            "removed  what no run wrote: replaced 2026-11-22T01:00:00Z, retained until "
            "2026-11-23T01:00:00Z, 1 files, 1.0 KiB freed\n"
            "2 generations removed, 5.0 KiB freed; 1 kept\n");
  const Output dry = Headrace({"vacuum", "out", "--dry-run"});
  EXPECT_TRUE(TheFakeRun().vacuum_request.dry_run);
  EXPECT_EQ(TheFakeRun().vacuum_request.older_than_seconds, std::nullopt);
  EXPECT_THAT(dry.out, HasSubstr("2 generations would be removed, 5.0 KiB would be freed; 1 kept"));
}

TEST_F(Past, RecoverSaysWhatItDidOrThatThereWasNothing) {
  EXPECT_EQ(Headrace({"recover", "out"}).out, "nothing to do\n");
  TheFakeRun().recovered = {"undid run a", "b\nc"};
  EXPECT_EQ(Headrace({"recover", "out"}).out, "undid run a\nb?c\n");
}

TEST_F(Past, FailuresAreOneLineWithTheirExitCode) {
  TheFakeRun().status = MakeError(ErrorKind::kLocked, 801, "held");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"history", "out"},
                                             {"show", "a", "out"},
                                             {"rollback", "out", "a"},
                                             {"vacuum", "out"},
                                             {"recover", "out"}}) {
    const Output output = Headrace(words);
    EXPECT_EQ(output.exit_code, 8) << words[0];
    EXPECT_EQ(output.err, "error E0801 (locked): held\n");
  }
}

TEST_F(Past, RetainAndRunIdReachTheJob) {
  Headrace({"convert", "a.csv", "out", "--retain", "24h", "--run-id", "x"});
  EXPECT_EQ(TheFakeRun().job.output.retain_seconds, 86'400);
  EXPECT_EQ(TheFakeRun().job.run_id, "x");
  EXPECT_EQ(Headrace({"convert", "a.csv", "out", "--run-id="}).exit_code, 2);
  EXPECT_EQ(Headrace({"convert", "a.csv", "out", "--retain", "soon"}).exit_code, 2);
}

}  // namespace
}  // namespace headrace::cli
