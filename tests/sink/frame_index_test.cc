#include "sink/frame_index.h"

#include <gtest/gtest.h>

namespace headrace {
namespace {

SpillFrame FrameOf(int64_t number) {
  SpillFrame frame;
  frame.offset = number;
  frame.segment = 1;
  return frame;
}

TEST(FrameIndex, BlocksLeaveInOrderOnceTheyAreWhole) {
  FrameIndex index(arrow::default_memory_pool());
  constexpr size_t kBlock = FrameIndex::kBlockFrames;
  for (size_t i = 0; i < 2 * kBlock + 10; ++i) EXPECT_EQ(index.Add(), i);
  for (size_t i = 1; i < kBlock; ++i) index.Set(i, FrameOf(static_cast<int64_t>(i)));
  EXPECT_FALSE(index.TakeBlock().has_value()) << "the first is not written yet";
  index.Set(0, FrameOf(0));
  const auto block = index.TakeBlock();
  ASSERT_TRUE(block.has_value());
  for (size_t i = 0; i < kBlock; ++i) EXPECT_EQ((*block)[i].offset, static_cast<int64_t>(i));
  // While a block is written, others go on.
  for (size_t i = kBlock; i < 2 * kBlock; ++i) index.Set(i, FrameOf(static_cast<int64_t>(i)));
  EXPECT_FALSE(index.TakeBlock().has_value()) << "one at a time";
  EXPECT_EQ(index.Add(), 2 * kBlock + 10);
  index.PutBlock(FrameOf(1000));
  EXPECT_EQ(index.size(), 2 * kBlock + 11);
  EXPECT_EQ(index.Add(), 2 * kBlock + 11);
  const auto second = index.TakeBlock();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->front().offset, static_cast<int64_t>(kBlock));
  index.PutBlock(FrameOf(1001));
  ASSERT_EQ(index.blocks().size(), 2u);
  EXPECT_EQ(index.blocks()[1].offset, 1001);
  EXPECT_EQ(index.newest().size(), 12u);
}

TEST(FrameIndex, HoldsLittleHoweverManyFramesThereAre) {
  FrameIndex index(arrow::default_memory_pool());
  for (int64_t i = 0; i < 200'000; ++i) {
    index.Set(index.Add(), FrameOf(i));
    if (index.TakeBlock()) index.PutBlock(FrameOf(i));
  }
  EXPECT_EQ(index.size(), 200'000u);
  EXPECT_LT(index.bytes(), 64 << 10);
}

}  // namespace
}  // namespace headrace
