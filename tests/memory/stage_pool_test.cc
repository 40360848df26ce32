#include "memory/stage_pool.h"

#include <arrow/buffer.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "base/units.h"
#include "env/process.h"

namespace headrace {
namespace {

class StagePoolTest : public testing::Test {
 protected:
  MemoryBudget budget_{{64 * kMiB, 0, 0, "test"}};
  ExtentAllocator extents_{64 * kMiB, 16 * kMiB};
  std::unique_ptr<StagePool> MakePool(std::string name, int64_t floor) {
    return StagePool::Make(&budget_, &extents_, std::move(name), floor).ValueOrDie();
  }
};

TEST(ExtentAllocator, ChargesAtMostAnEighthMoreThanAsked) {
  for (int64_t size = ExtentAllocator::kExtentMin; size < 512 * kMiB; size += size / 7 + 1) {
    const int64_t charged = ExtentAllocator::ChargedBytes(size);
    EXPECT_GE(charged, size);
    EXPECT_LE(charged, size + size / 8 + 4096) << size;
    EXPECT_EQ(charged % 4096, 0);
    EXPECT_EQ(ExtentAllocator::ChargedBytes(charged), charged) << size;
  }
}

TEST(ExtentAllocator, RecyclesWhatWasFreedAndKeepsTheCacheBounded) {
  ExtentAllocator extents(8 * kMiB, 1 * kMiB);
  uint8_t* first = extents.Allocate(300 * kKiB, 64).ValueOrDie();
  extents.Free(first, 300 * kKiB);
  EXPECT_EQ(extents.Allocate(299 * kKiB, 64).ValueOrDie(), first);
  extents.Free(first, 299 * kKiB);
  std::vector<uint8_t*> blocks;
  for (int at = 0; at < 20; ++at) blocks.push_back(extents.Allocate(300 * kKiB, 64).ValueOrDie());
  for (uint8_t* block : blocks) extents.Free(block, 300 * kKiB);
  EXPECT_LE(extents.cached_bytes(), 1 * kMiB);
  EXPECT_EQ(extents.mapped_bytes(), extents.cached_bytes());
  extents.Trim(0);
  EXPECT_EQ(extents.mapped_bytes(), 0);
}

TEST_F(StagePoolTest, FloorIsTakenAtOnceAndCannotBeRefused) {
  auto pool = MakePool("a", 40 * kMiB);
  EXPECT_EQ(budget_.used_bytes(), 40 * kMiB);
  auto other = MakePool("b", 0);
  uint8_t* block = nullptr;
  EXPECT_TRUE(other->Allocate(30 * kMiB, 64, &block).IsOutOfMemory());
  ASSERT_TRUE(pool->Allocate(39 * kMiB, 64, &block).ok());
  EXPECT_EQ(budget_.used_bytes(), 40 * kMiB);
  pool->Free(block, 39 * kMiB, 64);
  pool->ReleaseFloor();
  EXPECT_EQ(budget_.used_bytes(), 0);
}

TEST_F(StagePoolTest, GrowsBeyondTheFloorAndGivesBack) {
  auto pool = MakePool("a", 1 * kMiB);
  uint8_t* block = nullptr;
  ASSERT_TRUE(pool->Allocate(10 * kMiB, 64, &block).ok());
  EXPECT_EQ(budget_.used_bytes(), ExtentAllocator::ChargedBytes(10 * kMiB));
  pool->Free(block, 10 * kMiB, 64);
  EXPECT_EQ(budget_.used_bytes(), 1 * kMiB);
}

TEST_F(StagePoolTest, EmptyBlocksCostNothing) {
  auto pool = MakePool("a", 0);
  uint8_t* block = nullptr;
  ASSERT_TRUE(pool->Allocate(0, 64, &block).ok());
  ASSERT_NE(block, nullptr);
  ASSERT_TRUE(pool->Reallocate(0, 100, 64, &block).ok());
  block[99] = 1;
  ASSERT_TRUE(pool->Reallocate(100, 0, 64, &block).ok());
  pool->Free(block, 0, 64);
  EXPECT_EQ(budget_.used_bytes(), 0);
}

TEST_F(StagePoolTest, AbsurdSizesAreRefused) {
  auto pool = MakePool("a", 0);
  uint8_t* block = nullptr;
  EXPECT_TRUE(pool->Allocate(std::numeric_limits<int64_t>::max() - 64, 64, &block).IsOutOfMemory());
  EXPECT_FALSE(pool->Allocate(-5, 64, &block).ok());
}

// Random allocate, resize and free against a model: contents survive, the account never passes the
// budget, nothing leaks.
TEST_F(StagePoolTest, RandomTraffic) {
  const uint64_t seed = testing::UnitTest::GetInstance()->random_seed();
  SCOPED_TRACE(fmt::format("seed {}: replay with --gtest_random_seed={}", seed, seed));
  auto pool = MakePool("a", 2 * kMiB);
  auto work = [&](uint64_t worker_seed) {
    std::mt19937_64 random(worker_seed);
    struct Block {
      uint8_t* data;
      int64_t size;
      uint8_t mark;
    };
    std::vector<Block> blocks;
    for (int step = 0; step < 4000; ++step) {
      const int64_t size = int64_t{1} << (random() % 22);
      const int64_t exact = 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(size));
      const uint8_t mark = static_cast<uint8_t>(random());
      if (blocks.size() < 8) {
        Block block{nullptr, exact, mark};
        if (pool->Allocate(exact, 64, &block.data).ok()) {
          ASSERT_EQ(reinterpret_cast<uintptr_t>(block.data) % 64, 0u);
          block.data[0] = block.data[exact - 1] = mark;
          blocks.push_back(block);
        }
      } else {
        Block& block = blocks[random() % blocks.size()];
        ASSERT_EQ(block.data[0], block.mark);
        if (pool->Reallocate(block.size, exact, 64, &block.data).ok()) {
          ASSERT_EQ(block.data[0], block.mark);
          block.size = exact;
          block.data[exact - 1] = block.data[0] = block.mark;
        }
        if (random() % 2 == 0) {
          pool->Free(block.data, block.size, 64);
          block = blocks.back();
          blocks.pop_back();
        }
      }
      ASSERT_LE(budget_.used_bytes(), budget_.lendable_bytes());
    }
    for (const Block& block : blocks) pool->Free(block.data, block.size, 64);
  };
  std::thread other(work, seed + 1);
  work(seed);
  other.join();
  EXPECT_EQ(pool->bytes_allocated(), 0);
  EXPECT_EQ(budget_.used_bytes(), 2 * kMiB);
}

TEST_F(StagePoolTest, ArrowBuffersAreCharged) {
  auto pool = MakePool("a", 0);
  {
    auto buffer = arrow::AllocateResizableBuffer(100, pool.get()).ValueOrDie();
    ASSERT_TRUE(buffer->Resize(3 * kMiB).ok());
    EXPECT_GE(budget_.used_bytes(), 3 * kMiB);
  }
  EXPECT_EQ(budget_.used_bytes(), 0);
}

}  // namespace
}  // namespace headrace
