// The division of the sink's bytes adds up, for all budgets, threads and batch sizes.
#include "sink/sink_memory.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

SinkOptions Options(int threads, int64_t batch_bytes, bool partitioned) {
  SinkOptions options;
  options.schema =
      arrow::schema({arrow::field("k", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("d", arrow::float64())});
  if (partitioned) options.partition_by = {"k"};
  options.threads = threads;
  options.batch_bytes = batch_bytes;
  return options;
}

TEST(SinkMemoryTest, NeverMoreThanGrantedFromTheFloorOn) {
  for (const bool partitioned : {false, true}) {
    for (const int threads : {1, 2, 3, 8, 32}) {
      for (const int64_t batch_bytes :
           {int64_t{1}, int64_t{64} << 10, int64_t{1} << 20, int64_t{64} << 20}) {
        const SinkOptions options = Options(threads, batch_bytes, partitioned);
        const int64_t floor = SinkNeeds(options)->FloorBytes(threads);
        int64_t row_group_before = 0;
        for (int64_t bytes = floor; bytes < int64_t{8} << 30; bytes += bytes / 3) {
          const SinkMemory memory = DivideMemory(options, 2, bytes);
          ASSERT_LE(FixedBytes(memory) + threads * WorkerBytes(options, memory, 2), bytes)
              << "threads " << threads << " bytes " << bytes << " partitioned " << partitioned;
          ASSERT_GE(memory.row_group_bytes, row_group_before) << "more memory, smaller row groups";
          row_group_before = memory.row_group_bytes;
          if (!partitioned) continue;
          ASSERT_GE(memory.held_bytes, threads * LeastPassBytes(memory.row_group_bytes));
          const SinkMemory finish = DivideForFinish(options, 2, bytes, int64_t{1} << 40, memory);
          ASSERT_GE(finish.row_group_bytes, memory.row_group_bytes);
          ASSERT_GE(finish.held_bytes, threads * LeastPassBytes(finish.row_group_bytes));
        }
      }
    }
  }
}

TEST(SinkMemoryTest, FloorsStayWhatTheSmallestBudgetsNeed) {
  // One thread and one file in 64 MiB, two threads and partitions in 128 MiB, of which the process
  // takes 28 and 10 are slack and the source has its part.
  EXPECT_LE(SinkNeeds(Options(1, 256 << 10, false))->FloorBytes(1), int64_t{6} << 20);
  EXPECT_LE(SinkNeeds(Options(2, 512 << 10, true))->FloorBytes(2), int64_t{24} << 20);
}

TEST(SinkMemoryTest, TensOfThousandsOfColumnsAreCounted) {
  for (const bool partitioned : {false, true}) {
    SinkOptions options = Options(2, 1 << 20, partitioned);
    const int64_t narrow = SinkNeeds(options)->FloorBytes(2);
    arrow::FieldVector fields = options.schema->fields();
    for (int i = 0; i < 60'000; ++i) {
      fields.push_back(arrow::field("c" + std::to_string(i), arrow::int64()));
    }
    options.schema = arrow::schema(std::move(fields));
    const int64_t floor = SinkNeeds(options)->FloorBytes(2);
    // Schemas and layouts once, the objects of a batch and of a row group in each worker.
    EXPECT_GE(floor - narrow, 60'000 * int64_t{2200 + 2 * 1900});
    // The pool is not given what lies outside of it.
    const SinkMemory memory = DivideMemory(options, 60'002, floor);
    EXPECT_GE(memory.column_bytes, 60'000 * int64_t{2200});
    EXPECT_LE(FixedBytes(memory) + 2 * WorkerBytes(options, memory, 60'002), floor);
  }
}

TEST(SinkMemoryTest, FullRowGroupsAreReachedWithPlenty) {
  const SinkOptions options = Options(4, 1 << 20, false);
  EXPECT_EQ(DivideMemory(options, 3, int64_t{4} << 30).row_group_bytes,
            WantedRowGroupBytes(options));
}

}  // namespace
}  // namespace headrace
