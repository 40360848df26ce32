// A pool that refuses, at every point where it can: an error with a number and advice, never an
// exception that escapes.
#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "sink/parquet/row_group_encoder.h"
#include "sink/partition_router.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

// Refuses what would make more than `bytes_max`, as a pool without words of its own.
class RefusingPool : public arrow::ProxyMemoryPool {
 public:
  RefusingPool() : arrow::ProxyMemoryPool(arrow::system_memory_pool()) {}
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    if (bytes_allocated() + size > bytes_max) return Status::OutOfMemory("refused");
    return arrow::ProxyMemoryPool::Allocate(size, alignment, out);
  }
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    if (bytes_allocated() + new_size - old_size > bytes_max) return Status::OutOfMemory("refused");
    return arrow::ProxyMemoryPool::Reallocate(old_size, new_size, alignment, ptr);
  }

  int64_t bytes_max = INT64_MAX;
};

TEST(SinkOutOfMemory, TheEncoderSaysSoWhereverThePoolRefuses) {
  ASSERT_TRUE(arrow::compute::Initialize().ok());
  std::mt19937_64 random(testing::TestSeed());
  // Several nested ones: whether a refusal meets the library's table of values while it grows
  // depends on the values.
  const auto texts = arrow::list(arrow::utf8());
  for (const auto& type : {arrow::utf8(), arrow::int64(), texts, texts, texts}) {
    const auto schema = arrow::schema({arrow::field("c", type)});
    const auto batch = testing::RandomBatch(schema, 500, 0.1, random);
    auto layout = ParquetLayout::Make(schema, {}, arrow::system_memory_pool()).ValueOrDie();
    RefusingPool pool;
    int refusals = 0;
    for (pool.bytes_max = 0;; pool.bytes_max += 509) {
      auto encoder = RowGroupEncoder::Make(layout, &pool);
      const Status status = encoder.ok() ? (*encoder)->Encode({batch}).status() : encoder.status();
      if (status.ok()) break;
      ++refusals;
      ASSERT_EQ(GetErrorKind(status), ErrorKind::kOutOfMemory)
          << type->ToString() << " at " << pool.bytes_max << ": " << status;
      ASSERT_NE(GetErrorCode(status), 0) << status;
      ASSERT_LT(pool.bytes_max, 64 << 20);
    }
    EXPECT_GT(refusals, 0);
    EXPECT_EQ(pool.bytes_allocated(), 0);
  }
}

TEST(SinkOutOfMemory, FramesOfABucketAreHandedOverWithoutMemory) {
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  auto layout = RowLayout::Make(schema).ValueOrDie();
  arrow::StringBuilder builder;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(builder.Append(std::string(100, 'x')).ok());
  std::vector<int32_t> indices(100);
  std::iota(indices.begin(), indices.end(), 0);
  RefusingPool pool;
  const EncodedRows rows =
      EncodeRows(*layout, {builder.Finish().ValueOrDie()}, indices, &pool).ValueOrDie();
  RouterOptions options;
  options.buckets = 1;
  options.held_bytes_max = 4096;
  options.row_group_bytes = 1 << 20;
  options.row_group_rows = 1'000'000;
  options.frame_bytes = 256 << 10;
  options.pool = &pool;
  size_t frames = 0;
  PartitionRouter router(options, [&](RouterWork work) {
    frames += work.frames.size();
    return Status::OK();
  });
  Partition one(0, "k=1", &pool);
  Partition two(1, "k=2", &pool);
  ASSERT_TRUE(router.Route(&one, rows, 0, 50).ok());
  ASSERT_TRUE(router.Route(&two, rows, 50, 100).ok());
  ASSERT_GT(frames, 0u);
  pool.bytes_max = 0;
  EXPECT_EQ(router.TakeFrames(0).size(), frames);
}

}  // namespace
}  // namespace headrace
