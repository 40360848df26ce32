// Rows sorted inside partitions, inside exactly the bytes that the sink was granted.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "sink/sink_harness.h"
#include "support/random_batch.h"

namespace headrace::testing {
namespace {

std::shared_ptr<arrow::Schema> SortSchema() {
  return arrow::schema({arrow::field("p", arrow::int32()), arrow::field("a", arrow::utf8()),
                        arrow::field("b", arrow::int64()), arrow::field("n", arrow::int64(), false),
                        arrow::field("filler", arrow::utf8())});
}

// `n` counts the rows; `a` and `b` have few values, so that ties are common.
std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> SortMorsels(int64_t morsels,
                                                                          int64_t rows,
                                                                          uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> made;
  int64_t n = 0;
  for (int64_t m = 0; m < morsels; ++m) {
    arrow::Int32Builder p;
    arrow::StringBuilder a;
    arrow::Int64Builder b;
    arrow::Int64Builder numbers;
    arrow::StringBuilder filler;
    for (int64_t row = 0; row < rows; ++row) {
      const std::string text(random() % 3, static_cast<char>('x' + random() % 3));
      EXPECT_TRUE(p.Append(static_cast<int32_t>(random() % 3)).ok());
      EXPECT_TRUE((random() % 5 == 0 ? a.AppendNull() : a.Append(text)).ok());
      EXPECT_TRUE((random() % 5 == 0 ? b.AppendNull() : b.Append(random() % 20 - 10)).ok());
      EXPECT_TRUE(numbers.Append(n++).ok());
      EXPECT_TRUE(filler.Append(std::string(random() % 60, 'f')).ok());
    }
    made.push_back({arrow::RecordBatch::Make(
        SortSchema(), rows,
        {p.Finish().ValueOrDie(), a.Finish().ValueOrDie(), b.Finish().ValueOrDie(),
         numbers.Finish().ValueOrDie(), filler.Finish().ValueOrDie()})});
  }
  return made;
}

struct Row {
  std::optional<std::string> a;
  std::optional<int64_t> b;
  int64_t n = 0;
};

// a rising, b falling, NULL last; ties as they came.
bool ComesBefore(const Row& one, const Row& other) {
  if (one.a != other.a) return one.a && (!other.a || *one.a < *other.a);
  if (one.b != other.b) return one.b && (!other.b || *one.b > *other.b);
  return one.n < other.n;
}

std::vector<Row> RowsOf(const arrow::Table& table) {
  std::vector<Row> rows;
  const auto whole = table.CombineChunksToBatch().ValueOrDie();
  const auto& a = static_cast<const arrow::StringArray&>(*whole->GetColumnByName("a"));
  const auto& b = static_cast<const arrow::Int64Array&>(*whole->GetColumnByName("b"));
  const auto& n = static_cast<const arrow::Int64Array&>(*whole->GetColumnByName("n"));
  for (int64_t row = 0; row < whole->num_rows(); ++row) {
    rows.push_back({a.IsNull(row) ? std::nullopt : std::optional(a.GetString(row)),
                    b.IsNull(row) ? std::nullopt : std::optional(b.Value(row)), n.Value(row)});
  }
  return rows;
}

void ExpectSorted(const std::vector<ReadFile>& files, int64_t rows_expected) {
  std::map<std::string, std::vector<Row>> by_directory;
  for (const ReadFile& file : files) {
    auto& rows = by_directory[file.directory];
    for (Row& row : RowsOf(*file.table)) rows.push_back(std::move(row));
  }
  std::vector<bool> seen(static_cast<size_t>(rows_expected));
  int64_t count = 0;
  for (const auto& [directory, rows] : by_directory) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) ASSERT_TRUE(ComesBefore(rows[i - 1], rows[i])) << directory << ", row " << i;
      ASSERT_FALSE(seen[static_cast<size_t>(rows[i].n)]);
      seen[static_cast<size_t>(rows[i].n)] = true;
      ++count;
    }
  }
  EXPECT_EQ(count, rows_expected);
}

SinkRun SortRun(int threads) {
  SinkRun run;
  run.options.schema = SortSchema();
  run.options.sort_within = {{"a", SortDirection::kAscending}, {"b", SortDirection::kDescending}};
  run.options.threads = threads;
  run.options.batch_bytes = 64 << 10;
  return run;
}

TEST(SortingSinkTest, SpillsAndMergesAtTheFloorForAnyThreadCount) {
  const uint64_t seed = TestSeed();
  const auto morsels = SortMorsels(60, 1500, seed);
  for (const int threads : {1, 2, 4}) {
    for (const bool is_partitioned : {false, true}) {
      SinkHarness harness;
      SinkRun run = SortRun(threads);
      run.morsels = morsels;
      run.shuffle_seed = seed + static_cast<uint64_t>(threads);
      if (is_partitioned) run.options.partition_by = {"p"};
      const SinkOutcome outcome = harness.Run(run);
      ASSERT_TRUE(outcome.status.ok()) << outcome.status;
      EXPECT_EQ(outcome.pool_left_bytes, 0);
      EXPECT_EQ(outcome.summary.rows, 90'000);
      EXPECT_GT(outcome.summary.spilled_bytes, 0);
      ExpectSorted(harness.Read(), 90'000);
    }
  }
}

TEST(SortingSinkTest, ASmallResultIsSortedInMemory) {
  SinkHarness harness;
  SinkRun run = SortRun(2);
  run.morsels = SortMorsels(3, 500, TestSeed());
  run.options.partition_by = {"p"};
  run.sink_bytes = 64 << 20;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.spilled_bytes, 0);
  ExpectSorted(harness.Read(), 1500);
}

TEST(SortingSinkTest, RowsLargerThanAFramePass) {
  SinkHarness harness;
  SinkRun run = SortRun(2);
  run.options.batch_bytes = 1 << 20;
  run.morsels = SortMorsels(20, 200, TestSeed());
  for (auto& morsel : run.morsels) {
    auto columns = morsel[0]->columns();
    arrow::StringBuilder filler;
    for (int64_t row = 0; row < 200; ++row) {
      ASSERT_TRUE(filler.Append(std::string(row == 7 ? 600'000 : 10, 'f')).ok());
    }
    columns[4] = filler.Finish().ValueOrDie();
    morsel[0] = arrow::RecordBatch::Make(SortSchema(), 200, columns);
  }
  run.sink_bytes = 24 << 20;
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  ExpectSorted(harness.Read(), 4000);
}

TEST(SortingSinkTest, AnEmptyResultIsAFileWithTheSchema) {
  SinkHarness harness;
  SinkRun run = SortRun(2);
  run.morsels = {{}, {}};
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  ASSERT_EQ(harness.Read().size(), 1u);
}

TEST(SortingSinkTest, AFullSpillEndsTheRun) {
  SinkHarness harness;
  SinkRun run = SortRun(3);
  run.morsels = SortMorsels(60, 1500, TestSeed());
  run.spill_bytes_max = 1 << 20;
  const SinkOutcome outcome = harness.Run(run);
  EXPECT_EQ(GetErrorKind(outcome.status), ErrorKind::kOutOfDisk) << outcome.status;
}

TEST(SortingSinkTest, UnknownColumnsAndTypesAreRefused) {
  SinkOptions options = SortRun(1).options;
  options.sort_within = {{"bb", SortDirection::kAscending}};
  EXPECT_EQ(GetErrorCode(SinkNeeds(options).status()), 649);
  options.schema = arrow::schema({arrow::field("l", arrow::list(arrow::int8()))});
  options.sort_within = {{"l", SortDirection::kAscending}};
  EXPECT_EQ(GetErrorCode(SinkNeeds(options).status()), 217);
}

}  // namespace
}  // namespace headrace::testing
