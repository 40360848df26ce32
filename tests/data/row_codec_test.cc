#include "data/row_codec.h"

#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <gtest/gtest.h>

#include <numeric>

#include "support/random_batch.h"

namespace headrace {
namespace {

using testing::AllTypesSchema;
using testing::RandomBatch;
using testing::TestSeed;

class RowCodecTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  std::vector<int32_t> AllRows(int64_t rows) {
    std::vector<int32_t> indices(static_cast<size_t>(rows));
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
  }

  std::shared_ptr<arrow::RecordBatch> RoundTrip(const arrow::RecordBatch& batch,
                                                const std::vector<int32_t>& indices) {
    auto layout = RowLayout::Make(batch.schema()).ValueOrDie();
    auto rows = EncodeRows(*layout, batch.columns(), indices, pool_.get()).ValueOrDie();
    const RowSpan span{rows.bytes->data(), rows.bytes->size(), rows.rows};
    return DecodeRows(*layout, {&span, 1}, pool_.get()).ValueOrDie();
  }

  std::unique_ptr<arrow::ProxyMemoryPool> pool_ =
      std::make_unique<arrow::ProxyMemoryPool>(arrow::system_memory_pool());
};

TEST_F(RowCodecTest, EveryTypeComesBackWithAndWithoutNulls) {
  std::mt19937_64 random(TestSeed());
  for (const double null_share : {0.0, 0.2, 1.0}) {
    for (const int64_t rows : {0, 1, 7, 64, 500}) {
      auto batch = RandomBatch(AllTypesSchema(), rows, null_share, random);
      ASSERT_TRUE(batch->Validate().ok()) << batch->Validate();
      auto back = RoundTrip(*batch, AllRows(rows));
      ASSERT_TRUE(back->Validate().ok()) << back->Validate();
      // Floats made of random bits may be NaN.
      for (int c = 0; c < batch->num_columns(); ++c) {
        ASSERT_TRUE(batch->column(c)->Equals(*back->column(c),
                                             arrow::EqualOptions::Defaults().nans_equal(true)))
            << batch->schema()->field(c)->ToString() << " rows " << rows << " nulls " << null_share;
      }
    }
  }
}

TEST_F(RowCodecTest, SlicesWithOffsetsComeBack) {
  std::mt19937_64 random(TestSeed());
  auto whole = RandomBatch(AllTypesSchema(), 300, 0.3, random);
  for (const int64_t offset : {1, 3, 8, 131}) {
    auto slice = whole->Slice(offset, 100);
    auto back = RoundTrip(*slice, AllRows(100));
    ASSERT_TRUE(slice->Equals(*back, false, arrow::EqualOptions::Defaults().nans_equal(true)));
  }
}

TEST_F(RowCodecTest, RowsComeInTheOrderAskedFor) {
  std::mt19937_64 random(TestSeed());
  auto batch = RandomBatch(AllTypesSchema(), 200, 0.2, random);
  std::vector<int32_t> indices;
  for (int i = 0; i < 333; ++i) indices.push_back(static_cast<int32_t>(random() % 200));
  auto back = RoundTrip(*batch, indices);
  for (size_t i = 0; i < indices.size(); ++i) {
    ASSERT_TRUE(back->Slice(static_cast<int64_t>(i), 1)
                    ->Equals(*batch->Slice(indices[i], 1), false,
                             arrow::EqualOptions::Defaults().nans_equal(true)))
        << "row " << i;
  }
}

TEST_F(RowCodecTest, AnyCutIntoSpansGivesTheSameRows) {
  std::mt19937_64 random(TestSeed());
  auto batch = RandomBatch(AllTypesSchema(), 400, 0.1, random);
  auto layout = RowLayout::Make(batch->schema()).ValueOrDie();
  auto rows = EncodeRows(*layout, batch->columns(), AllRows(400), pool_.get()).ValueOrDie();
  std::vector<RowSpan> spans;
  for (int64_t row = 0; row < rows.rows;) {
    const int64_t end = std::min<int64_t>(rows.rows, row + static_cast<int64_t>(random() % 50));
    spans.push_back({rows.bytes->data() + rows.offset()[row],
                     rows.offset()[end] - rows.offset()[row], end - row});
    row = end;
  }
  auto back = DecodeRows(*layout, spans, pool_.get()).ValueOrDie();
  ASSERT_TRUE(batch->Equals(*back, false, arrow::EqualOptions::Defaults().nans_equal(true)));
}

TEST_F(RowCodecTest, DictionariesComeBackAsTheirValues) {
  std::mt19937_64 random(TestSeed());
  auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  auto batch = RandomBatch(arrow::schema({arrow::field("d", type)}), 100, 0.2, random);
  auto back = RoundTrip(*batch->Slice(9, 60), AllRows(60));
  auto plain = arrow::compute::Cast(batch->column(0)->Slice(9, 60), arrow::utf8()).ValueOrDie();
  ASSERT_TRUE(back->column(0)->Equals(plain.make_array()));
}

TEST_F(RowCodecTest, NoBytesStayInThePool) {
  std::mt19937_64 random(TestSeed());
  RoundTrip(*RandomBatch(AllTypesSchema(), 100, 0.2, random), AllRows(100));
  EXPECT_EQ(pool_->bytes_allocated(), 0);
}

TEST_F(RowCodecTest, ASchemaWithoutColumnsKeepsItsRowCount) {
  auto batch =
      arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 5, arrow::ArrayVector{});
  EXPECT_EQ(RoundTrip(*batch, AllRows(5))->num_rows(), 5);
}

TEST(RowLayoutTest, RefusesTypesByColumnName) {
  auto schema =
      arrow::schema({arrow::field("odd", arrow::run_end_encoded(arrow::int32(), arrow::utf8()))});
  auto layout = RowLayout::Make(schema);
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(GetErrorKind(layout.status()), ErrorKind::kInvalidPlan);
  EXPECT_THAT(layout.status().message(), ::testing::HasSubstr("column odd"));
}

}  // namespace
}  // namespace headrace
