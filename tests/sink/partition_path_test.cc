// Partition values as directory names.
#include "sink/partition_path.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>

namespace headrace {
namespace {

template <typename Builder, typename Value>
Result<std::string> TextOf(Builder builder, Value value) {
  EXPECT_TRUE(builder.Append(value).ok());
  return PartitionText(*builder.Finish().ValueOrDie(), 0);
}

template <typename Value>
std::string TimeText(const std::shared_ptr<arrow::DataType>& type, Value value) {
  auto scalar = arrow::MakeScalar(type, value).ValueOrDie();
  auto text = PartitionText(*arrow::MakeArrayFromScalar(*scalar, 1).ValueOrDie(), 0);
  return text.ok() ? *text : text.status().message();
}

TEST(PartitionPathTest, TextsOfEveryKindOfValue) {
  EXPECT_EQ(*TextOf(arrow::BooleanBuilder(), true), "true");
  EXPECT_EQ(*TextOf(arrow::Int8Builder(), int8_t{-128}), "-128");
  EXPECT_EQ(*TextOf(arrow::UInt64Builder(), ~uint64_t{0}), "18446744073709551615");
  EXPECT_EQ(*TextOf(arrow::DoubleBuilder(), 0.1), "0.1");
  EXPECT_EQ(*TextOf(arrow::DoubleBuilder(), 1.0), "1.0");
  EXPECT_EQ(*TextOf(arrow::DoubleBuilder(), -0.0), "0.0");
  EXPECT_EQ(*TextOf(arrow::DoubleBuilder(), std::nan("")), "NaN");
  EXPECT_EQ(*TextOf(arrow::DoubleBuilder(), -HUGE_VAL), "-Infinity");
  EXPECT_EQ(*TextOf(arrow::FloatBuilder(), 0.1F), "0.1");
  EXPECT_EQ(*TextOf(arrow::StringBuilder(), "a b"), "a b");
  EXPECT_EQ(TimeText(arrow::date32(), 19782), "2024-02-29");
  EXPECT_EQ(TimeText(arrow::date64(), int64_t{-86'400'000}), "1969-12-31");
  EXPECT_EQ(TimeText(arrow::time32(arrow::TimeUnit::SECOND), 3661), "01:01:01");
  EXPECT_EQ(TimeText(arrow::timestamp(arrow::TimeUnit::MICRO), int64_t{250'000}),
            "1970-01-01 00:00:00.25");
  EXPECT_EQ(TimeText(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), int64_t{-1}),
            "1969-12-31 23:59:59.999999999");
  auto decimal = arrow::Decimal128Scalar(arrow::Decimal128(-1205), arrow::decimal128(9, 2));
  EXPECT_EQ(*PartitionText(*arrow::MakeArrayFromScalar(decimal, 1).ValueOrDie(), 0), "-12.05");
}

TEST(PartitionPathTest, ValuesWithoutADirectoryAreRefused) {
  EXPECT_EQ(GetErrorCode(TextOf(arrow::StringBuilder(), "").status()), 641);
  for (const char* text :
       {"__HIVE_DEFAULT_PARTITION__", "__hive_default_partition__", "__Hive_Default_Partition__"}) {
    EXPECT_EQ(GetErrorCode(TextOf(arrow::StringBuilder(), text).status()), 642) << text;
  }
  EXPECT_EQ(*TextOf(arrow::StringBuilder(), "HIVE_DEFAULT_PARTITION"), "HIVE_DEFAULT_PARTITION");
  EXPECT_EQ(GetErrorCode(TextOf(arrow::StringBuilder(), "\xff").status()), 643);
  EXPECT_THAT(TimeText(arrow::date32(), 2'932'897), ::testing::HasSubstr("outside the years"));
  EXPECT_THAT(TimeText(arrow::date32(), -719'163), ::testing::HasSubstr("outside the years"));
}

TEST(PartitionPathTest, EncodesWhatOtherWritersEncode) {
  EXPECT_EQ(EscapePartitionText("a=b/c"), "a%3Db%2Fc");
  EXPECT_EQ(EscapePartitionText("\xC3\xBC x"), "\xC3\xBC x");
  EXPECT_EQ(EscapePartitionText("%\"#'*:?\\{[]^"), "%25%22%23%27%2A%3A%3F%5C%7B%5B%5D%5E");
  EXPECT_EQ(EscapePartitionText(std::string_view("\0\n\x7f", 3)), "%00%0A%7F");
}

TEST(PartitionPathTest, DirectoriesJoinTheirKeysAndBoundTheirNames) {
  arrow::StringBuilder texts;
  ASSERT_TRUE(texts.Append("x/y").ok() && texts.AppendNull().ok() &&
              texts.Append(std::string(254, 'a')).ok());
  arrow::Int32Builder numbers;
  ASSERT_TRUE(numbers.AppendValues({1, 2, 3}).ok());
  const auto keys =
      arrow::schema({arrow::field("a b", arrow::utf8()), arrow::field("n", arrow::int32())});
  const arrow::ArrayVector values = {texts.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()};
  EXPECT_EQ(*PartitionDirectory(*keys, values, 0), "a b=x%2Fy/n=1");
  EXPECT_EQ(*PartitionDirectory(*keys, values, 1), "a b=__HIVE_DEFAULT_PARTITION__/n=2");
  const Status too_long = PartitionDirectory(*keys, values, 2).status();
  EXPECT_EQ(GetErrorCode(too_long), 644);
  EXPECT_EQ(GetErrorKind(too_long), ErrorKind::kBadInput);
}

TEST(PartitionPathTest, EmptyResultsGetADirectoryOfEveryKeysZero) {
  const auto keys =
      arrow::schema({arrow::field("s", arrow::large_utf8()), arrow::field("i", arrow::int64()),
                     arrow::field("d", arrow::date32()), arrow::field("m", arrow::decimal128(9, 2)),
                     arrow::field("t", arrow::boolean())});
  EXPECT_EQ(*EmptyResultDirectory(*keys, arrow::default_memory_pool()),
            "s=empty/i=0/d=1970-01-01/m=0.00/t=false");
}

}  // namespace
}  // namespace headrace
