// headrace fsck over a fake of the check: what is printed, and the exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/status.h"
#include "fake_run.h"
#include "run_headrace.h"

namespace headrace::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class FsckCommand : public testing::Test {
 protected:
  void SetUp() override {
    TheFakeRun() = FakeRun{};
    FsckReport& report = TheFakeRun().fsck_report;
    report.is_dataset = true;
    report.files = 2;
    report.rows = 1'200;
    report.partitions = 2;
    report.last_run = "r1";
    report.notes = {"a note"};
  }
  void AddProblems() {
    TheFakeRun().fsck_problems = {{"leftover", "out/x.tmp", "never finished; remove it"},
                                  {"damaged_file", "out/y.parquet", "out/y.parquet is cut short"}};
    TheFakeRun().fsck_report.problems = 2;
  }
};

TEST_F(FsckCommand, CleanIsOneLineAndExitCodeZero) {
  const Output done = Headrace({"fsck", "out", "--deep", "--memory", "64MiB"});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, StartsWith("note: a note\nout: clean: 1,200 rows in 2 files"));
  EXPECT_THAT(done.out, HasSubstr("last run r1"));
  EXPECT_TRUE(TheFakeRun().fsck_options.deep);
  EXPECT_EQ(TheFakeRun().fsck_options.memory, "64MiB");
}

TEST_F(FsckCommand, ProblemsAreLinesWithTheirPathOnceAndExitCodeFive) {
  AddProblems();
  const Output done = Headrace({"fsck", "out", "-q"});
  EXPECT_EQ(done.exit_code, 5);
  EXPECT_EQ(done.out,
            "leftover: out/x.tmp: never finished; remove it\n"
            "damaged_file: out/y.parquet is cut short\n");
  EXPECT_EQ(done.err, "");
}

TEST_F(FsckCommand, AsOneJsonDocument) {
  AddProblems();
  const Output done = Headrace({"fsck", "out", "--format", "json"});
  EXPECT_EQ(done.exit_code, 5);
  const auto document = nlohmann::json::parse(done.out);
  EXPECT_EQ(document["clean"], false);
  EXPECT_EQ(document["rows"], 1'200);
  ASSERT_EQ(document["problems"].size(), 2u);
  EXPECT_EQ(document["problems"][0]["kind"], "leftover");
  EXPECT_EQ(document["problems"][1]["path"], "out/y.parquet");
  EXPECT_EQ(document["notes"][0], "a note");
}

TEST_F(FsckCommand, WhatCannotBeLookedAtIsAnError) {
  TheFakeRun().status = MakeError(ErrorKind::kSource, 301, "no such dataset or file: out");
  const Output done = Headrace({"fsck", "out"});
  EXPECT_EQ(done.exit_code, 4);
  EXPECT_THAT(done.err, StartsWith("error E0301"));
}

}  // namespace
}  // namespace headrace::cli
