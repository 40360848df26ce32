// Keys compare as the values do.
#include "data/sort_key.h"

#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/random_batch.h"

namespace headrace::testing {
namespace {

using arrow::TimeUnit;

std::vector<std::string> KeysOf(const std::shared_ptr<arrow::RecordBatch>& batch,
                                const std::vector<SortKeyColumn>& columns) {
  const auto encoder = SortKeyEncoder::Make(*batch->schema(), columns).ValueOrDie();
  const EncodedRows keys = encoder->Encode(*batch, arrow::system_memory_pool()).ValueOrDie();
  std::vector<std::string> texts;
  for (int64_t row = 0; row < keys.rows; ++row) {
    const int64_t begin = keys.offset()[row] + 4;
    texts.emplace_back(reinterpret_cast<const char*>(keys.bytes->data()) + begin,
                       static_cast<size_t>(keys.offset()[row + 1] - begin));
  }
  return texts;
}

std::shared_ptr<arrow::RecordBatch> OneColumn(std::shared_ptr<arrow::Array> values) {
  const auto schema = arrow::schema({arrow::field("a", values->type())});
  const int64_t rows = values->length();
  return arrow::RecordBatch::Make(schema, rows, {std::move(values)});
}

// `json` has values in rising order, NULL last.
void ExpectRising(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  const auto batch = OneColumn(arrow::json::ArrayFromJSONString(type, json).ValueOrDie());
  const auto rising = KeysOf(batch, {{0, SortDirection::kAscending}});
  const auto falling = KeysOf(batch, {{0, SortDirection::kDescending}});
  const size_t values = rising.size() - 1;
  for (size_t i = 0; i + 1 < values; ++i) {
    EXPECT_LT(rising[i], rising[i + 1]) << type->ToString() << ", value " << i;
    EXPECT_GT(falling[i], falling[i + 1]) << type->ToString() << ", value " << i;
  }
  for (size_t i = 0; i < values; ++i) {
    EXPECT_LT(rising[i], rising[values]) << type->ToString() << ", value " << i << " and NULL";
    EXPECT_LT(falling[i], falling[values]) << type->ToString() << ", value " << i << " and NULL";
  }
}

TEST(SortKeyTest, EveryTypeRises) {
  ExpectRising(arrow::boolean(), "[false, true, null]");
  ExpectRising(arrow::int8(), "[-128, -1, 0, 1, 127, null]");
  ExpectRising(arrow::uint16(), "[0, 1, 255, 256, 65535, null]");
  ExpectRising(arrow::int32(), "[-2147483648, -256, -255, 0, 255, 256, 2147483647, null]");
  ExpectRising(arrow::int64(), "[-9223372036854775808, -1, 0, 9223372036854775807, null]");
  ExpectRising(arrow::uint64(), "[0, 9223372036854775808, 18446744073709551615, null]");
  ExpectRising(arrow::float32(), "[-1e30, -1.5, 0, 1e-40, 0.5, 1e30, null]");
  ExpectRising(arrow::float64(), "[-1e300, -1.5, -5e-324, 0, 5e-324, 1, 1e300, null]");
  ExpectRising(arrow::decimal128(30, 2), R"(["-99999999999999999999.99", "-0.01", "0.00",
                                            "0.01", "99999999999999999999.99", null])");
  ExpectRising(arrow::decimal256(60, 1), R"(["-10000000000000000000000000000000000000000.1",
                                            "-1.0", "0.0", "7.5", null])");
  ExpectRising(arrow::date32(), "[-719162, 0, 1, 2932896, null]");
  ExpectRising(arrow::time64(TimeUnit::MICRO), "[0, 1, 86399999999, null]");
  ExpectRising(arrow::timestamp(TimeUnit::MICRO, "UTC"), "[-1, 0, 1, null]");
  ExpectRising(arrow::duration(TimeUnit::SECOND), "[-5, 0, 7, null]");
  ExpectRising(arrow::utf8(), R"(["", "\u0000", "\u0000\u0000", "\u0000a", "a", "a\u0000", "aa",
                                  "ab", "b", "ü", null])");
  ExpectRising(arrow::large_utf8(), R"(["", "a", "b", null])");
  ExpectRising(arrow::fixed_size_binary(2), R"(["\u0000\u0000", "aa", "ab", null])");
}

TEST(SortKeyTest, NaNIsAboveInfinityAndZerosAreOne) {
  arrow::DoubleBuilder values;
  const double infinite = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(values.AppendValues({-infinite, -0.0, 0.0, infinite, nan, -nan}).ok());
  const auto keys = KeysOf(OneColumn(values.Finish().ValueOrDie()), {{0, {}}});
  EXPECT_LT(keys[0], keys[1]);
  EXPECT_EQ(keys[1], keys[2]);
  EXPECT_LT(keys[2], keys[3]);
  EXPECT_LT(keys[3], keys[4]);
  EXPECT_EQ(keys[4], keys[5]);
}

// The first column decides, and where it is the same the second, whatever their lengths.
TEST(SortKeyTest, ColumnsDecideInTheirOrder) {
  std::mt19937_64 random(TestSeed());
  const auto schema =
      arrow::schema({arrow::field("s", arrow::binary()), arrow::field("n", arrow::int32())});
  arrow::BinaryBuilder texts;
  arrow::Int32Builder numbers;
  std::vector<std::pair<std::string, int32_t>> rows;
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 4, '\0');
    for (char& c : text) c = std::string("\0\1\xff", 3)[random() % 3];
    rows.emplace_back(text, static_cast<int32_t>(random() % 5) - 2);
    ASSERT_TRUE(texts.Append(text).ok());
    ASSERT_TRUE(numbers.Append(rows.back().second).ok());
  }
  const auto batch = arrow::RecordBatch::Make(
      schema, 2000, {texts.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()});
  const auto keys =
      KeysOf(batch, {{0, SortDirection::kDescending}, {1, SortDirection::kAscending}});
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    const auto& [text, number] = rows[i];
    const auto& [next_text, next_number] = rows[i + 1];
    const int order = text == next_text ? number - next_number : next_text.compare(text);
    const int found = keys[i].compare(keys[i + 1]);
    ASSERT_EQ(order < 0, found < 0) << "row " << i;
    ASSERT_EQ(order == 0, found == 0) << "row " << i;
  }
}

TEST(SortKeyTest, TypesWithoutAnOrderAreRefused) {
  const auto schema = arrow::schema({arrow::field("l", arrow::list(arrow::int8()))});
  const auto encoder = SortKeyEncoder::Make(*schema, {{0, {}}});
  EXPECT_EQ(GetErrorCode(encoder.status()), 217);
}

}  // namespace
}  // namespace headrace::testing
