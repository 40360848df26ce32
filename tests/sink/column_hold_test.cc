// Small results stay columns, and nobody can tell from the files.
#include <arrow/compute/api_vector.h>
#include <gtest/gtest.h>

#include "sink/key_runs.h"
#include "sink/routing_data.h"
#include "sink/stored_columns.h"
#include "support/random_batch.h"

namespace headrace::testing {
namespace {

constexpr int64_t kRowsPerMorsel = 400;

// Random values in every column that a partitioned sink takes, behind a key of few values in runs
// of several lengths, NULL among them.
std::shared_ptr<arrow::RecordBatch> KeyedBatch(int64_t rows, std::mt19937_64& random) {
  arrow::FieldVector value_fields;
  const auto all_types = AllTypesSchema();
  for (const auto& field : all_types->fields()) {
    SinkOptions options;
    options.schema = arrow::schema({arrow::field("key", arrow::utf8()), field});
    options.partition_by = {"key"};
    // Random bits are no times of day.
    const bool is_valid = RandomArray(field->type(), 100, 0, random)->ValidateFull().ok();
    const bool has_views = HasViews(*StoredSchema(*arrow::schema({field})));
    if (SinkNeeds(options).ok() && is_valid && !has_views) {
      value_fields.push_back(field);
    }
  }
  EXPECT_GT(value_fields.size(), 25U);
  arrow::StringBuilder keys;
  for (int64_t row = 0; row < rows;) {
    const uint64_t key = random() % 5;
    for (uint64_t left = 1 + random() % 9; left > 0 && row < rows; --left, ++row) {
      EXPECT_TRUE((key == 4 ? keys.AppendNull() : keys.Append(std::to_string(key))).ok());
    }
  }
  const auto values = RandomBatch(arrow::schema(value_fields), rows, 0.2, random);
  const auto key_field = arrow::field("key", arrow::utf8());
  return values->AddColumn(0, key_field, keys.Finish().ValueOrDie()).ValueOrDie();
}

SinkRun KeyedRun(const Morsels& morsels) {
  SinkRun run;
  run.options.schema = morsels[0][0]->schema();
  run.options.partition_by = {"key"};
  run.sink_bytes = 256 << 20;
  run.morsels = morsels;
  return run;
}

TEST(ColumnHold, ColumnsAndRowsGiveTheSameFiles) {
  std::mt19937_64 random(TestSeed());
  Morsels morsels;
  for (int i = 0; i < 6; ++i) morsels.push_back({KeyedBatch(kRowsPerMorsel, random)});
  SinkHarness columns;
  const SinkOutcome held = columns.Run(KeyedRun(morsels));
  ASSERT_TRUE(held.status.ok()) << held.status;
  EXPECT_EQ(held.summary.row_groups, 5) << "one per partition";
  EXPECT_EQ(held.pool_left_bytes, 0);
  const auto expected = columns.Read();
  const auto equal = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  // Less than all there is to a row group: the hold ends at the start, or between two morsels.
  for (const int64_t row_group_rows : {kRowsPerMorsel / 2, 3 * kRowsPerMorsel + 1}) {
    for (const int threads : {1, 3}) {
      SinkHarness rows;
      SinkRun run = KeyedRun(morsels);
      run.options.row_group_rows = row_group_rows;
      run.options.threads = threads;
      run.shuffle_seed = random();
      const SinkOutcome outcome = rows.Run(run);
      ASSERT_TRUE(outcome.status.ok()) << outcome.status;
      EXPECT_EQ(outcome.pool_left_bytes, 0);
      const auto files = rows.Read();
      ASSERT_EQ(files.size(), expected.size());
      for (size_t i = 0; i < files.size(); ++i) {
        EXPECT_EQ(files[i].directory, expected[i].directory);
        const arrow::Table& table = *files[i].table;
        ASSERT_EQ(table.num_columns(), expected[i].table->num_columns());
        for (int c = 0; c < table.num_columns(); ++c) {
          EXPECT_TRUE(table.column(c)->Equals(*expected[i].table->column(c), equal))
              << table.schema()->field(c)->ToString() << " of " << files[i].directory
              << " with row groups of " << row_group_rows;
        }
      }
    }
  }
}

TEST(ColumnHold, SmallResultsKeepTheOrderForAnyThreadCount) {
  const auto key = [](int64_t n) { return n / 7 % 9; };
  const Morsels morsels = RoutingMorsels(20, 150, 2, key);
  for (const int threads : {1, 2, 4}) {
    SinkHarness harness;
    SinkRun run;
    run.options.schema = RoutingSchema();
    run.options.partition_by = {"key"};
    run.options.threads = threads;
    run.morsels = morsels;
    run.shuffle_seed = TestSeed();
    const SinkOutcome outcome = harness.Run(run);
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.summary.row_groups, 9);
    EXPECT_EQ(outcome.pool_left_bytes, 0);
    ExpectAllRowsInOrder(harness.Read(), 6000, key);
  }
}

// Objects of columns are not the pool's, so a thousand tiny batches of many columns may not be
// kept.
TEST(ColumnHold, ManyTinyBatchesBecomeRows) {
  const auto key = [](int64_t n) { return n % 2; };
  SinkHarness harness;
  SinkRun run;
  run.options.schema = RoutingSchema();
  run.options.partition_by = {"key"};
  run.morsels = RoutingMorsels(300, 3, 1, key);
  const SinkOutcome outcome = harness.Run(run);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  ExpectAllRowsInOrder(harness.Read(), 900, key);
}

TEST(KeyRuns, StartWhereTheBitsOfAKeyChange) {
  std::mt19937_64 random(TestSeed());
  const std::vector<std::shared_ptr<arrow::DataType>> types = {
      arrow::boolean(),
      arrow::int8(),
      arrow::uint16(),
      arrow::int32(),
      arrow::int64(),
      arrow::float64(),
      arrow::utf8(),
      arrow::large_utf8(),
      arrow::date32(),
      arrow::timestamp(arrow::TimeUnit::MICRO),
      arrow::decimal128(20, 3),
      arrow::decimal256(50, 7)};
  constexpr int64_t kRows = 200;
  const auto equal = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  for (int round = 0; round < 50; ++round) {
    arrow::ArrayVector columns;
    const auto offset = static_cast<int64_t>(random() % 20);
    for (int c = 0; c < 2; ++c) {
      const auto values = RandomArray(types[random() % types.size()], 3, 0.3, random);
      arrow::Int32Builder picks;
      int32_t pick = 0;
      for (int64_t row = 0; row < kRows; ++row) {
        if (random() % 3 == 0) pick = static_cast<int32_t>(random() % 3);
        ASSERT_TRUE(picks.Append(pick).ok());
      }
      const auto picked = arrow::compute::Take(*values, *picks.Finish().ValueOrDie());
      columns.push_back(picked.ValueOrDie()->Slice(offset));
    }
    const int64_t rows = kRows - offset;
    const KeyRuns runs = FindKeyRuns(columns, rows, arrow::default_memory_pool()).ValueOrDie();
    std::vector<bool> is_start(static_cast<size_t>(rows));
    for (const int32_t row : runs.rows()) is_start[static_cast<size_t>(row)] = true;
    EXPECT_TRUE(is_start[0]);
    for (int64_t row = 1; row < rows; ++row) {
      const bool same = std::all_of(columns.begin(), columns.end(), [&](const auto& column) {
        return column->RangeEquals(row, row + 1, row - 1, column, equal);
      });
      EXPECT_EQ(is_start[static_cast<size_t>(row)], !same)
          << "row " << row << " of " << columns[0]->type()->ToString() << " and "
          << columns[1]->type()->ToString();
    }
  }
}

}  // namespace
}  // namespace headrace::testing
