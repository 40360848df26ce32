#include "runtime/output_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace {
namespace {

TEST(ResolveOutput, RefusesWhatThisVersionDoesNotWrite) {
  OutputSpec output;
  for (const char* path : {"", "out.csv", "out.csv.bz2", "out.tsv.gz", "a/out.arrow.lz4",
                           "out.feather", "s3://bucket/out", "http://host/out.parquet"}) {
    output.path = path;
    const auto target = ResolveOutput(output, "run");
    ASSERT_FALSE(target.ok()) << path;
    EXPECT_EQ(GetErrorKind(target.status()), ErrorKind::kInvalidConfig) << path;
  }
  output.path = "out.csv";
  output.format = "parquet";
  EXPECT_TRUE(ResolveOutput(output, "run").ok()) << "a dataset directory of that name, as told";
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
