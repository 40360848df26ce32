// Which encoding a column gets, from what its values look like.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>

#include "sink/parquet/encoding_choice.h"
#include "sink/parquet/thrift_compact.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

constexpr int64_t kRows = 100'000;

template <typename Builder, typename Make>
ColumnEncoding Choose(Make make) {
  Builder builder;
  for (int64_t i = 0; i < kRows; ++i) EXPECT_TRUE(builder.Append(make(i)).ok());
  auto array = builder.Finish().ValueOrDie();
  return ChooseEncoding(SampleColumn({array->Slice(0, 30'000), array->Slice(30'000)}), {});
}

TEST(EncodingChoice, Integers) {
  std::mt19937_64 random(testing::TestSeed());
  EXPECT_EQ(Choose<arrow::Int64Builder>([](int64_t i) { return i; }), ColumnEncoding::kDelta);
  EXPECT_EQ(Choose<arrow::Int64Builder>([](int64_t i) { return i / 4; }), ColumnEncoding::kDelta);
  EXPECT_EQ(Choose<arrow::Int64Builder>([&](int64_t) { return random() % 200'000; }),
            ColumnEncoding::kDelta);
  EXPECT_EQ(Choose<arrow::Int64Builder>([&](int64_t) { return (random() % 9) << 40; }),
            ColumnEncoding::kDictionary);
  EXPECT_EQ(Choose<arrow::Int64Builder>([&](int64_t) { return random(); }), ColumnEncoding::kPlain);
}

TEST(EncodingChoice, DoublesAndStrings) {
  std::mt19937_64 random(testing::TestSeed());
  EXPECT_EQ(Choose<arrow::DoubleBuilder>([](int64_t i) { return 0.01 * (i % 10); }),
            ColumnEncoding::kDictionary);
  EXPECT_EQ(Choose<arrow::DoubleBuilder>([&](int64_t) { return std::sqrt(random()); }),
            ColumnEncoding::kPlain);
  EXPECT_EQ(
      Choose<arrow::StringBuilder>([](int64_t i) { return "country " + std::to_string(i % 90); }),
      ColumnEncoding::kDictionary);
  EXPECT_EQ(Choose<arrow::StringBuilder>([](int64_t i) { return "name " + std::to_string(i); }),
            ColumnEncoding::kDeltaLength);
}

TEST(EncodingChoice, TextAboveAPageIsPlainWhereverItStands) {
  // The other encoder of text takes its memory where no budget counts it.
  const auto with_one_of = [](size_t bytes) {
    return [bytes](int64_t i) {
      return i == 77'777 ? std::string(bytes, 'x') : "name " + std::to_string(i);
    };
  };
  const auto page = static_cast<size_t>(ParquetOptions().data_page_bytes);
  EXPECT_EQ(Choose<arrow::StringBuilder>(with_one_of(page)), ColumnEncoding::kDeltaLength);
  EXPECT_EQ(Choose<arrow::StringBuilder>(with_one_of(page + 1)), ColumnEncoding::kPlain);
  EXPECT_EQ(Choose<arrow::LargeBinaryBuilder>(with_one_of(page + 1)), ColumnEncoding::kPlain);
  EXPECT_EQ(Choose<arrow::StringViewBuilder>(with_one_of(page + 1)), ColumnEncoding::kPlain);
}

TEST(EncodingChoice, NothingButNulls) {
  auto nulls = arrow::MakeArrayOfNull(arrow::int64(), 1000).ValueOrDie();
  EXPECT_EQ(ChooseEncoding(SampleColumn({nulls}), {}), ColumnEncoding::kPlain);
}

TEST(EncodingChoice, DistinctValuesAreEstimated) {
  EXPECT_TRUE(std::isinf(EstimateDistinct(1000, 1000)));
  EXPECT_NEAR(EstimateDistinct(4096, 50), 50, 1);
  // 4,096 draws out of 8,192 values show about 3,223 of them.
  EXPECT_NEAR(EstimateDistinct(4096, 3223), 8192, 40);
}

TEST(ThriftCompact, FieldsAreListedAsTheyWereWritten) {
  std::string bytes;
  CompactWriter writer(&bytes);
  writer.Int32(1, -5);
  writer.BeginList(2, CompactType::kStruct, 20);
  for (int i = 0; i < 20; ++i) {
    writer.BeginStructElement();
    writer.Binary(4, std::string(200, 'x'));
    writer.Bool(5, i % 2 == 0);
    writer.EndStruct();
  }
  writer.Int64(7, int64_t{1} << 62);
  writer.EndStruct();
  auto fields = ListCompactFields(bytes).ValueOrDie();
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[1].id, 2);
  EXPECT_EQ(fields[2].id, 7);
  EXPECT_EQ(fields[2].end, bytes.size() - 1);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(ListCompactFields(std::string_view(bytes).substr(0, cut)).ok()) << cut;
  }
}

}  // namespace
}  // namespace headrace
