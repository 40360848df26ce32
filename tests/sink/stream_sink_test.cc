// One file, and a dataset without partitions.
#include <gtest/gtest.h>

#include "sink/routing_data.h"
#include "support/random_batch.h"

namespace headrace::testing {
namespace {

SinkRun StreamRun(int threads) {
  SinkRun run;
  run.options.schema = RoutingSchema();
  run.options.threads = threads;
  run.options.batch_bytes = 128 << 10;
  return run;
}

TEST(StreamSinkTest, OneFileKeepsTheOrderForAnyThreadCount) {
  const uint64_t seed = TestSeed();
  const Morsels morsels = RoutingMorsels(60, 700, 2, [](int64_t n) { return n; });
  for (const int threads : {1, 2, 3, 5, 8}) {
    SinkHarness harness;
    SinkRun run = StreamRun(threads);
    run.kind = TargetKind::kSingleFile;
    run.morsels = morsels;
    run.shuffle_seed = seed + static_cast<uint64_t>(threads);
    run.options.row_group_rows = 4999;
    const SinkOutcome outcome = harness.Run(run);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.pool_left_bytes, 0);
    EXPECT_EQ(outcome.summary.rows, 84'000);
    EXPECT_EQ(outcome.summary.row_groups, 17);
    const auto files = harness.Read();
    ASSERT_EQ(files.size(), 1u);
    for (size_t i = 0; i + 1 < files[0].row_group_rows.size(); ++i) {
      EXPECT_EQ(files[0].row_group_rows[i], 4999);
    }
    ExpectAllRowsInOrder(files, 84'000);
  }
}

TEST(StreamSinkTest, RowGroupsAreCutByBytesAtTheFloor) {
  SinkHarness harness;
  SinkRun run = StreamRun(2);
  run.morsels = RoutingMorsels(40, 3000, 1, [](int64_t n) { return n; });
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const auto files = harness.Read();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_GT(files[0].row_group_rows.size(), 8u);
  EXPECT_LT(files[0].row_group_rows.size(), 20u);
  ExpectAllRowsInOrder(files, 120'000);
}

TEST(StreamSinkTest, BatchesMuchLargerThanPromisedAreTakenInSlices) {
  SinkHarness harness;
  SinkRun run = StreamRun(2);
  run.morsels = RoutingMorsels(3, 60'000, 1, [](int64_t n) { return n; });
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  ExpectAllRowsInOrder(harness.Read(), 180'000);
}

TEST(StreamSinkTest, DatasetFilesRotateAtTheTargetSize) {
  SinkHarness harness;
  SinkRun run = StreamRun(2);
  run.morsels = RoutingMorsels(30, 3000, 1, [](int64_t n) { return n; });
  run.options.target_file_bytes = 1 << 20;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const auto files = harness.Read();
  EXPECT_GT(files.size(), 3u);
  EXPECT_EQ(static_cast<int64_t>(files.size()), outcome.summary.files);
  ExpectAllRowsInOrder(files, 90'000);
}

TEST(StreamSinkTest, AnEmptyResultIsAFileWithTheSchema) {
  for (const auto kind : {TargetKind::kSingleFile, TargetKind::kDataset}) {
    SinkHarness harness;
    SinkRun run = StreamRun(2);
    run.kind = kind;
    run.morsels.resize(3);
    const SinkOutcome outcome = harness.Run(run);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    const auto files = harness.Read();
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].table->num_rows(), 0);
    EXPECT_TRUE(files[0].table->schema()->Equals(*RoutingSchema()));
  }
}

TEST(StreamSinkTest, DictionariesAndViewsAreStoredAsPlainValues) {
  std::mt19937_64 random(TestSeed());
  SinkHarness harness;
  SinkRun run = StreamRun(1);
  run.options.schema =
      arrow::schema({arrow::field("d", arrow::dictionary(arrow::int32(), arrow::utf8())),
                     arrow::field("v", arrow::utf8_view())});
  run.morsels = {{RandomBatch(run.options.schema, 500, 0.2, random)},
                 {RandomBatch(run.options.schema, 500, 0.2, random)->Slice(17, 300)}};
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const auto files = harness.Read();
  EXPECT_EQ(files[0].table->num_rows(), 800);
  EXPECT_EQ(files[0].table->schema()->field(0)->type()->id(), arrow::Type::STRING);
  EXPECT_EQ(files[0].table->schema()->field(1)->type()->id(), arrow::Type::STRING);
}

TEST(StreamSinkTest, TooLittleMemoryIsAnErrorAndNeverAHang) {
  SinkHarness harness;
  SinkRun run = StreamRun(4);
  run.morsels = RoutingMorsels(20, 3000, 1, [](int64_t n) { return n; });
  run.sink_bytes = 1 << 20;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_FALSE(outcome.status.ok());
  EXPECT_EQ(GetErrorKind(outcome.status), ErrorKind::kOutOfMemory);
  EXPECT_EQ(outcome.pool_left_bytes, 0);
}

}  // namespace
}  // namespace headrace::testing
