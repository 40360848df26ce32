#include "runtime/output_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(ResolveOutput, RefusesWhatThisVersionDoesNotWrite) {
  OutputSpec output;
  for (const char* path : {"", "out.csv.bz2", "out.tsv.xz", "a/out.arrow.lz4", "out.json",
                           "out.orc", "s3://bucket/out", "http://host/out.parquet"}) {
    output.path = path;
    const auto target = ResolveOutput(output, "run");
    ASSERT_FALSE(target.ok()) << path;
    EXPECT_EQ(GetErrorKind(target.status()), ErrorKind::kInvalidConfig) << path;
  }
  output.path = "out.csv";
  output.format = "parquet";
  EXPECT_TRUE(ResolveOutput(output, "run").ok()) << "a dataset directory of that name, as told";
}

TEST(ResolveOutput, TextAndArrowFilesAreNamedByTheirEnding) {
  OutputSpec output;
  for (const char* path : {"out.csv", "out.tsv.gz", "out.jsonl.zst", "out.arrow"}) {
    output.path = path;
    const auto target = ResolveOutput(output, "run");
    ASSERT_TRUE(target.ok()) << path << ": " << target.status();
    EXPECT_EQ(target->transaction.kind, TargetKind::kSingleFile) << path;
  }
}

TEST(ResolveOutput, OneFileOrADataset) {
  OutputSpec output;
  output.path = "out.parquet";
  EXPECT_EQ(ResolveOutput(output, "run")->transaction.kind, TargetKind::kSingleFile);
  output.partition_by = {"k"};
  EXPECT_FALSE(ResolveOutput(output, "run").ok()) << "one file cannot be partitioned";
  output.path = "out";
  EXPECT_EQ(ResolveOutput(output, "run")->transaction.kind, TargetKind::kDataset);
  output.partition_by.clear();
  output.mode = WriteMode::kOverwritePartitions;
  EXPECT_FALSE(ResolveOutput(output, "run").ok());
}

}  // namespace
}  // namespace headrace
