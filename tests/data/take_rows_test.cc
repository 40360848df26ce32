#include "data/take_rows.h"

#include <arrow/compute/initialize.h>
#include <gtest/gtest.h>

#include "support/random_batch.h"

namespace headrace {
namespace {

using testing::AllTypesSchema;
using testing::RandomBatch;
using testing::TestSeed;

class TakeRowsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  void ExpectTaken(const arrow::RecordBatch& batch, const std::vector<int32_t>& places) {
    auto taken = TakeRows(batch, places, &pool_);
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_TRUE((*taken)->Validate().ok()) << (*taken)->Validate();
    for (size_t i = 0; i < places.size(); ++i) {
      ASSERT_TRUE((*taken)
                      ->Slice(static_cast<int64_t>(i), 1)
                      ->Equals(*batch.Slice(places[i], 1), false,
                               arrow::EqualOptions::Defaults().nans_equal(true)))
          << "place " << i;
    }
  }

  // Sources turn views into plain text, and the kernels know none.
  static std::shared_ptr<arrow::Schema> SchemaWithoutViews() {
    arrow::FieldVector fields;
    const auto all = AllTypesSchema();
    for (const auto& field : all->fields()) {
      if (field->type()->ToString().find("view") == std::string::npos) fields.push_back(field);
    }
    return arrow::schema(std::move(fields));
  }

  arrow::ProxyMemoryPool pool_{arrow::system_memory_pool()};
};

TEST_F(TakeRowsTest, EveryTypeWithAndWithoutNulls) {
  std::mt19937_64 random(TestSeed());
  for (const double null_share : {0.0, 0.3, 1.0}) {
    const auto whole = RandomBatch(SchemaWithoutViews(), 300, null_share, random);
    for (const auto& batch : {whole, whole->Slice(13, 200)}) {
      std::vector<int32_t> places;
      for (int i = 0; i < 150; ++i)
        places.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(batch->num_rows())));
      ExpectTaken(*batch, places);
      ExpectTaken(*batch, {0});
      ExpectTaken(*batch, {});
    }
  }
  ExpectTaken(*RandomBatch(SchemaWithoutViews(), 0, 0, random), {});
}

// What is kept holds nothing of the batch it came from, and no more than it needs.
TEST_F(TakeRowsTest, CopiesOnlyWhatIsTaken) {
  std::mt19937_64 random(TestSeed());
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())});
  const auto batch = RandomBatch(schema, 10'000, 0.1, random);
  const auto taken = TakeRows(*batch, std::vector<int32_t>{1, 5'000, 9'999}, &pool_).ValueOrDie();
  EXPECT_LE(pool_.bytes_allocated(), 1024);
}

}  // namespace
}  // namespace headrace
