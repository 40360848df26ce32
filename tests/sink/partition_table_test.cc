// Keys to partitions: equal keys share one, and a table that is full defers the keys it lacks.
#include "sink/partition_table.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <set>

namespace headrace {
namespace {

constexpr int64_t kKeysAtOnce = 2000;

class PartitionTableTest : public ::testing::Test {
 protected:
  std::vector<Partition*> Find(PartitionTable* table, int64_t first) {
    arrow::Int64Builder keys;
    for (int64_t i = 0; i < kKeysAtOnce; ++i) EXPECT_TRUE(keys.Append(first + i).ok());
    std::vector<Partition*> found(kKeysAtOnce);
    const Status status = table->Find({keys.Finish().ValueOrDie()}, kKeysAtOnce, found.data());
    EXPECT_TRUE(status.ok()) << status.ToString();
    return found;
  }
  std::shared_ptr<arrow::Schema> keys_ = arrow::schema({arrow::field("k", arrow::int64())});
  arrow::MemoryPool* pool_ = arrow::default_memory_pool();
};

TEST_F(PartitionTableTest, EveryKeyHasItsOwn) {
  PartitionTable table(keys_, {}, pool_);
  const auto found = Find(&table, 0);
  EXPECT_EQ(std::set<Partition*>(found.begin(), found.end()).size(),
            static_cast<size_t>(kKeysAtOnce));
  EXPECT_EQ(found[7]->directory, "k=7");
  EXPECT_EQ(Find(&table, 0), found);
  EXPECT_EQ(table.size(), kKeysAtOnce);
}

TEST_F(PartitionTableTest, AFullTableDefersWhatItLacksAndKeepsWhatItHas) {
  PartitionTable table(keys_, {.bytes_max = 600'000, .deferred_buckets = 16}, pool_);
  const auto first = Find(&table, 0);
  const auto known = table.size();
  EXPECT_GT(known, 256);
  EXPECT_LT(known, kKeysAtOnce);
  std::set<int32_t> buckets;
  for (int64_t i = 0; i < kKeysAtOnce; ++i) {
    EXPECT_EQ(first[static_cast<size_t>(i)]->is_deferred(), i >= known) << i;
    if (i >= known) buckets.insert(first[static_cast<size_t>(i)]->deferred_bucket);
  }
  EXPECT_EQ(buckets.size(), 16u);
  EXPECT_EQ(Find(&table, 0), first) << "the same keys go the same way";
  for (const Partition* one : Find(&table, 1'000'000)) EXPECT_TRUE(one->is_deferred());
  EXPECT_EQ(table.size(), known);
}

TEST_F(PartitionTableTest, KeysOfOneBucketPartInTheNextPass) {
  PartitionTable first(keys_, {.bytes_max = 0, .deferred_buckets = 4, .depth = 0}, pool_);
  PartitionTable second(keys_, {.bytes_max = 0, .deferred_buckets = 4, .depth = 1}, pool_);
  Find(&first, -1000);  // fills both up
  Find(&second, -1000);
  const auto before = Find(&first, 5000);
  const auto after = Find(&second, 5000);
  std::set<int32_t> buckets;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i]->deferred_bucket == 0) buckets.insert(after[i]->deferred_bucket);
  }
  EXPECT_EQ(buckets.size(), 4u);
}

TEST_F(PartitionTableTest, ClearedItTakesNothing) {
  PartitionTable table(keys_, {}, pool_);
  Find(&table, 0);
  table.Clear();
  EXPECT_EQ(table.bytes(), 0);
  EXPECT_EQ(table.size(), 0);
}

}  // namespace
}  // namespace headrace
