// Rows into partition directories, inside small bytes.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "sink/routing_data.h"
#include "support/random_batch.h"

namespace headrace::testing {
namespace {

using KeyOf = std::function<int64_t(int64_t)>;

SinkRun PartitionRun(int threads, Morsels morsels) {
  SinkRun run;
  run.options.schema = RoutingSchema();
  run.options.partition_by = {"key"};
  run.options.threads = threads;
  run.options.batch_bytes = 256 << 10;
  run.morsels = std::move(morsels);
  return run;
}

int64_t Mixed(int64_t n) {
  return static_cast<int64_t>((static_cast<uint64_t>(n) * 0x9E3779B97F4A7C15ULL) >> 33);
}

TEST(PartitionedSinkTest, FewKeysInPlentyOfMemoryAreNotSpilled) {
  const KeyOf key = [](int64_t n) { return Mixed(n) % 5; };
  SinkHarness harness;
  SinkRun run = PartitionRun(2, RoutingMorsels(20, 2000, 2, key));
  run.sink_bytes = 256 << 20;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.spilled_bytes, 0);
  EXPECT_EQ(outcome.summary.partitions, 5);
  EXPECT_EQ(outcome.summary.row_groups, 5);
  EXPECT_EQ(outcome.pool_left_bytes, 0);
  const auto files = harness.Read();
  EXPECT_EQ(files.size(), 5u);
  for (const auto& file : files) EXPECT_EQ(file.table->GetColumnByName("key"), nullptr);
  ExpectAllRowsInOrder(files, 80'000, key);
}

TEST(PartitionedSinkTest, ForcedSpillKeepsTheOrderForAnyThreadCount) {
  const uint64_t seed = TestSeed();
  const KeyOf key = [](int64_t n) { return Mixed(n) % 40; };
  const Morsels morsels = RoutingMorsels(150, 1000, 2, key);
  for (const int threads : {1, 2, 4, 8}) {
    SinkHarness harness;
    SinkRun run = PartitionRun(threads, morsels);
    run.shuffle_seed = seed;
    const SinkOutcome outcome = harness.Run(run);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_GT(outcome.summary.spilled_bytes, 0);
    EXPECT_EQ(outcome.pool_left_bytes, 0);
    const auto files = harness.Read();
    EXPECT_EQ(files.size(), 40u);
    ExpectAllRowsInOrder(files, 300'000, key);
  }
}

TEST(PartitionedSinkTest, ThousandsOfKeysGetWholeRowGroups) {
  const KeyOf key = [](int64_t n) { return Mixed(n) % 1200; };
  SinkHarness harness;
  SinkRun run = PartitionRun(2, RoutingMorsels(150, 2000, 1, key));
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_GT(outcome.summary.spilled_bytes, 0);
  EXPECT_EQ(outcome.summary.partitions, 1200);
  // 250 rows per partition: each is one row group, however often its rows were spilled.
  EXPECT_EQ(outcome.summary.row_groups, 1200);
  ExpectAllRowsInOrder(harness.Read(), 300'000, key);
}

// More keys than the table takes at this size: the rest is deferred, and most of that again.
TEST(PartitionedSinkTest, KeysBeyondTheTableComeInLaterPasses) {
  const uint64_t seed = TestSeed();
  constexpr int64_t kKeys = 2500;
  const KeyOf key = [](int64_t n) { return Mixed(n) % kKeys; };
  const Morsels morsels = RoutingMorsels(20, 250, 2, key);
  for (const int threads : {1, 3}) {
    SinkHarness harness;
    SinkRun run = PartitionRun(threads, morsels);
    run.options.parquet.codec = arrow::Compression::UNCOMPRESSED;
    run.shuffle_seed = seed;
    const SinkOutcome outcome = harness.Run(run);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.pool_left_bytes, 0);
    const auto files = harness.Read();
    std::set<int64_t> keys;
    for (int64_t n = 0; n < 10'000; ++n) keys.insert(key(n));
    EXPECT_EQ(outcome.summary.partitions, static_cast<int64_t>(keys.size()));
    EXPECT_EQ(files.size(), keys.size()) << "one file each";
    ExpectAllRowsInOrder(files, 10'000, key);
  }
}

TEST(PartitionedSinkTest, ClusteredInputGoesStraightThrough) {
  const KeyOf key = [](int64_t n) { return n / 1500; };
  SinkHarness harness;
  SinkRun run = PartitionRun(2, RoutingMorsels(60, 2000, 1, key));
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.spilled_bytes, 0);
  EXPECT_EQ(outcome.summary.row_groups, 80);
  EXPECT_EQ(outcome.summary.files, 80);
  ExpectAllRowsInOrder(harness.Read(), 120'000, key);
}

TEST(PartitionedSinkTest, ASkewedKeyIsEncodedWhileSmallOnesAreSpilled) {
  const KeyOf key = [](int64_t n) { return n % 10 != 0 ? 0 : 1 + Mixed(n) % 700; };
  SinkHarness harness;
  SinkRun run = PartitionRun(3, RoutingMorsels(200, 2000, 1, key));
  run.shuffle_seed = TestSeed() | 1;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const auto files = harness.Read();
  EXPECT_GT(files[0].row_group_rows.size(), 1u);
  EXPECT_GT(
      std::accumulate(files[0].row_group_rows.begin(), files[0].row_group_rows.end(), int64_t{0}),
      350'000);
  ExpectAllRowsInOrder(files, 400'000, key);
}

TEST(PartitionedSinkTest, FatPartitionsRotate) {
  const KeyOf key = [](int64_t n) { return n % 2; };
  SinkHarness harness;
  SinkRun run = PartitionRun(2, RoutingMorsels(50, 2000, 1, key));
  run.options.target_file_bytes = 1 << 20;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_GT(outcome.summary.files, 4);
  ExpectAllRowsInOrder(harness.Read(), 100'000, key);
}

TEST(PartitionedSinkTest, TinyBudgetsInALoopNeitherHangNorLeak) {
  const uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 12; ++round) {
    const int64_t keys = 1 + static_cast<int64_t>(random() % 200);
    const KeyOf key = [keys](int64_t n) { return Mixed(n) % keys; };
    SinkHarness harness;
    const int threads = 1 + static_cast<int>(random() % 6);
    const auto batches = 1 + static_cast<int64_t>(random() % 3);
    SinkRun run = PartitionRun(
        threads, RoutingMorsels(40, 1 + static_cast<int64_t>(random() % 2000), batches, key));
    run.shuffle_seed = random() | 1;
    int64_t rows = 0;
    for (const auto& morsel : run.morsels) {
      for (const auto& batch : morsel) rows += batch->num_rows();
    }
    const SinkOutcome outcome = harness.Run(run);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status << " round " << round;
    ASSERT_EQ(outcome.pool_left_bytes, 0);
    ExpectAllRowsInOrder(harness.Read(), rows, key);
  }
}

TEST(PartitionedSinkTest, AFullSpillIsOutOfDiskAndNotAHang) {
  const KeyOf key = [](int64_t n) { return Mixed(n) % 500; };
  SinkHarness harness;
  SinkRun run = PartitionRun(4, RoutingMorsels(150, 2000, 1, key));
  run.spill_bytes_max = 1 << 20;
  const SinkOutcome outcome = harness.Run(run);
  EXPECT_EQ(GetErrorKind(outcome.status), ErrorKind::kOutOfDisk) << outcome.status;
  EXPECT_EQ(outcome.pool_left_bytes, 0);
}

TEST(PartitionedSinkTest, ABadPartitionValueNamesItsColumn) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.AppendValues({"a", "", "b"}).ok());
  auto column = builder.Finish().ValueOrDie();
  SinkHarness harness;
  SinkRun run;
  run.options.schema =
      arrow::schema({arrow::field("k", arrow::utf8()), arrow::field("x", arrow::utf8())});
  run.options.partition_by = {"k"};
  run.morsels = {{arrow::RecordBatch::Make(run.options.schema, 3, {column, column})}};
  const SinkOutcome outcome = harness.Run(run);
  EXPECT_EQ(GetErrorKind(outcome.status), ErrorKind::kBadInput);
  EXPECT_THAT(outcome.status.message(), ::testing::HasSubstr("partition column 'k'"));
}

TEST(PartitionedSinkTest, SeveralKeysWithNullsDatesAndTextsThatNeedEscaping) {
  arrow::StringBuilder text;
  arrow::Date32Builder day;
  arrow::DoubleBuilder share;
  arrow::Int64Builder n;
  const std::vector<std::string> texts = {"a/b", "ü x", "100%", "a=b", "plain"};
  for (int64_t i = 0; i < 600; ++i) {
    ASSERT_TRUE(
        (i % 6 == 5 ? text.AppendNull() : text.Append(texts[static_cast<size_t>(i % 6)])).ok());
    ASSERT_TRUE((i % 2 == 1 ? day.AppendNull() : day.Append(19782)).ok());
    ASSERT_TRUE(share.Append(i % 4 < 2 ? 0.0 : -0.0).ok() && n.Append(i).ok());
  }
  SinkHarness harness;
  SinkRun run;
  run.options.schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("t", arrow::utf8()),
                     arrow::field("d", arrow::date32()), arrow::field("s", arrow::float64())});
  run.options.partition_by = {"t", "d", "s"};
  auto batch = arrow::RecordBatch::Make(run.options.schema, 600,
                                        {n.Finish().ValueOrDie(), text.Finish().ValueOrDie(),
                                         day.Finish().ValueOrDie(), share.Finish().ValueOrDie()});
  run.morsels = {{batch->Slice(0, 250)}, {batch->Slice(250)}};
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const std::vector<std::string> expected = {
      "t=100%25/d=2024-02-29/s=0.0",
      "t=__HIVE_DEFAULT_PARTITION__/d=__HIVE_DEFAULT_PARTITION__/s=0.0",
      "t=a%2Fb/d=2024-02-29/s=0.0",
      "t=a%3Db/d=__HIVE_DEFAULT_PARTITION__/s=0.0",
      "t=plain/d=2024-02-29/s=0.0",
      "t=ü x/d=__HIVE_DEFAULT_PARTITION__/s=0.0"};
  EXPECT_EQ(outcome.summary.directories, expected);
  ExpectAllRowsInOrder(harness.Read(), 600);
}

TEST(PartitionedSinkTest, Date64WithinADayIsOnePartition) {
  constexpr int64_t kDay = 86'400'000;
  arrow::Date64Builder day;
  arrow::Int64Builder n;
  for (int64_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(day.Append(i % 3 == 0 ? -1 : i % 3 == 1 ? -kDay : 5 * i).ok() && n.Append(i).ok());
  }
  SinkHarness harness;
  SinkRun run;
  run.options.schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("d", arrow::date64())});
  run.options.partition_by = {"d"};
  auto batch = arrow::RecordBatch::Make(run.options.schema, 300,
                                        {n.Finish().ValueOrDie(), day.Finish().ValueOrDie()});
  run.morsels = {{batch->Slice(0, 100)}, {batch->Slice(100)}};
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.partitions, 2);
  EXPECT_EQ(outcome.summary.directories,
            (std::vector<std::string>{"d=1969-12-31", "d=1970-01-01"}));
  ExpectAllRowsInOrder(harness.Read(), 300);
}

TEST(PartitionedSinkTest, TypesThatCannotBeWrittenAreRefusedBeforeAnythingIsOpened) {
  SinkOptions options;
  options.schema = arrow::schema(
      {arrow::field("k", arrow::int32()),
       arrow::field("l", arrow::list(arrow::dictionary(arrow::int32(), arrow::utf8())))});
  EXPECT_EQ(GetErrorCode(SinkNeeds(options).status()), 0) << "Parquet has a form for it";
  options.partition_by = {"k"};
  EXPECT_EQ(GetErrorCode(SinkNeeds(options).status()), 214) << "rows have none";
  options.partition_by = {};
  options.schema = arrow::schema({arrow::field("m", arrow::month_day_nano_interval())});
  EXPECT_EQ(GetErrorCode(SinkNeeds(options).status()), 212);
}

TEST(PartitionedSinkTest, AnEmptyResultLeavesAFileThatReadersCanTypeTheKeysFrom) {
  SinkHarness harness;
  SinkRun run = PartitionRun(1, Morsels(2));
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const auto files = harness.Read();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].directory, "key=0");
  EXPECT_EQ(files[0].table->num_rows(), 0);
  run.mode = PublishMode::kAppend;
  ASSERT_TRUE(harness.Run(run).status.ok());
  EXPECT_EQ(harness.Read().size(), 1u) << "appending nothing adds nothing";
}

TEST(PartitionedSinkTest, RefusesKeysThatReadersWouldSkipOrThatLeaveNothing) {
  const auto refused = [](std::vector<std::string> keys) {
    SinkOptions options;
    options.schema =
        arrow::schema({arrow::field("_a", arrow::int32()), arrow::field("b", arrow::int32()),
                       arrow::field("c", arrow::binary()), arrow::field(".d", arrow::int32())});
    options.partition_by = std::move(keys);
    return GetErrorCode(SinkNeeds(options).status());
  };
  EXPECT_EQ(refused({"_a"}), 631);
  EXPECT_EQ(refused({".d"}), 631);
  EXPECT_EQ(refused({"c"}), 632);
  EXPECT_EQ(refused({"bb"}), 633);
  EXPECT_EQ(refused({"b", "b"}), 634);
  EXPECT_EQ(refused({"b"}), 0);
}

}  // namespace
}  // namespace headrace::testing
