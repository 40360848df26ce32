#include "memory/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/units.h"

namespace headrace {
namespace {

BudgetSettings Settings(int64_t lendable) { return {lendable + 30, 20, 10, "test"}; }

TEST(MemoryBudget, LendsTotalLessBaseAndSlack) {
  MemoryBudget budget(Settings(100));
  EXPECT_EQ(budget.lendable_bytes(), 100);
  auto all = budget.Reserve("a", 100);
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(budget.free_bytes(), 0);
  const auto refused = budget.Reserve("b", 1);
  EXPECT_EQ(GetErrorKind(refused.status()), ErrorKind::kOutOfMemory);
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("a 100 B"));
}

TEST(MemoryBudget, BaseAboveTotalLendsNothing) {
  MemoryBudget budget({10, 20, 5, "test"});
  EXPECT_EQ(budget.lendable_bytes(), 0);
  EXPECT_TRUE(budget.Reserve("a", 0).ok());
  EXPECT_FALSE(budget.Reserve("a", 1).ok());
}

TEST(MemoryBudget, HugeRequestsDoNotOverflow) {
  MemoryBudget budget(Settings(100));
  auto some = budget.Reserve("a", 60).ValueOrDie();
  EXPECT_FALSE(some.TryGrow(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(some.bytes(), 60);
}

TEST(Reservation, GrowShrinkSplitMoveAndRelease) {
  MemoryBudget budget(Settings(100));
  {
    Reservation whole = budget.Reserve("a", 40).ValueOrDie();
    EXPECT_TRUE(whole.TryGrow(20));
    EXPECT_FALSE(whole.TryGrow(41));
    whole.Shrink(10);
    EXPECT_EQ(budget.used_bytes(), 50);
    Reservation part = whole.Split(15);
    EXPECT_EQ(part.bytes(), 15);
    EXPECT_EQ(whole.bytes(), 35);
    EXPECT_EQ(part.name(), "a");
    Reservation moved = std::move(part);
    EXPECT_EQ(budget.used_bytes(), 50);
    moved = Reservation();
    EXPECT_EQ(budget.used_bytes(), 35);
  }
  EXPECT_EQ(budget.used_bytes(), 0);
  EXPECT_EQ(budget.peak_bytes(), 60);
}

TEST(MemoryBudget, HoldersOfOneNameAreOneLine) {
  MemoryBudget budget(Settings(100));
  auto first = budget.Reserve("sink", 10).ValueOrDie();
  auto second = budget.Reserve("sink", 20).ValueOrDie();
  auto other = budget.Reserve("source", 25).ValueOrDie();
  const auto holders = budget.Holders();
  ASSERT_EQ(holders.size(), 2u);
  EXPECT_EQ(holders[0].name, "sink");
  EXPECT_EQ(holders[0].bytes, 30);
}

TEST(MemoryBudget, NeverLendsMoreThanItHasAcrossThreads) {
  constexpr int64_t kLendable = 1000;
  MemoryBudget budget(Settings(kLendable));
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&, index] {
      Reservation held = budget.Reserve("t" + std::to_string(index), 0).ValueOrDie();
      for (int round = 0; round < 20000; ++round) {
        if (!held.TryGrow(7 + index)) held.Shrink(held.bytes());
        EXPECT_LE(budget.used_bytes(), kLendable);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(budget.used_bytes(), 0);
  EXPECT_LE(budget.peak_bytes(), kLendable);
}

}  // namespace
}  // namespace headrace
