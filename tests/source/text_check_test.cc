// Strings that are not UTF-8 are found, wherever they hide, against the library's own check.
#include "source/text_check.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <random>

#include "support/random_batch.h"

namespace headrace {
namespace {

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(texts).ok());
  return builder.Finish().ValueOrDie();
}

TEST(TextCheckTest, ACharacterCutByTheBorderOfTwoValues) {
  EXPECT_EQ(FindRowNotUtf8(*Texts({"a", "\xc3\xa9", "\xe2\x82\xac"})), std::nullopt);
  EXPECT_EQ(FindRowNotUtf8(*Texts({"a", "\xc3", "\xa9", "b"})), 1);
  EXPECT_EQ(FindRowNotUtf8(*Texts({"", "", "\xa9"})), 2);
  EXPECT_EQ(FindRowNotUtf8(*Texts({"a", "\xc3"})), 1);
  EXPECT_EQ(FindRowNotUtf8(*Texts({"\xc3\xa9", ""})), std::nullopt);
  // Only what the slice shows counts.
  const auto texts = Texts({"\xff", "a", "\xc3\xa9", "\xff"});
  EXPECT_EQ(FindRowNotUtf8(*texts->Slice(1, 2)), std::nullopt);
  EXPECT_EQ(FindRowNotUtf8(*texts->Slice(1, 3)), 2);
}

TEST(TextCheckTest, BytesOfNullDoNotCount) {
  const auto texts = Texts({"a", "\xff", "b"});
  auto data = texts->data()->Copy();
  data->buffers[0] = arrow::Buffer::FromString("\x05");
  data->null_count = 1;
  EXPECT_EQ(FindRowNotUtf8(*arrow::MakeArray(data)), std::nullopt);
}

TEST(TextCheckTest, InsideOfOtherTypes) {
  const auto texts = Texts({"a", "b", "c", "d", "\xff", "e"});
  const auto offsets =
      arrow::json::ArrayFromJSONString(arrow::int32(), "[0, 0, 3, 3, 5, 6]").ValueOrDie();
  const auto lists = arrow::ListArray::FromArrays(*offsets, *texts).ValueOrDie();
  EXPECT_EQ(FindRowNotUtf8(*lists), 3);
  EXPECT_EQ(FindRowNotUtf8(*lists->Slice(1, 4)), 2);
  EXPECT_EQ(FindRowNotUtf8(*lists->Slice(4, 1)), std::nullopt);
  const auto structs =
      arrow::StructArray::Make({texts, texts}, std::vector<std::string>{"a", "b"}).ValueOrDie();
  EXPECT_EQ(FindRowNotUtf8(*structs->Slice(2, 3)), 2);
  const auto pairs = arrow::FixedSizeListArray::FromArrays(texts, 2).ValueOrDie();
  EXPECT_EQ(FindRowNotUtf8(*pairs), 2);
  EXPECT_EQ(FindRowNotUtf8(*pairs->Slice(1, 2)), 1);
  const auto indices =
      arrow::json::ArrayFromJSONString(arrow::int32(), "[0, 5, null, 4]").ValueOrDie();
  const auto encoded = std::make_shared<arrow::DictionaryArray>(
      arrow::dictionary(arrow::int32(), arrow::utf8()), indices, texts);
  EXPECT_EQ(FindRowNotUtf8(*encoded), 3);
  EXPECT_EQ(FindRowNotUtf8(*encoded->Slice(0, 3)), std::nullopt);
}

// Random bytes, mostly short sequences around the borders of what is valid.
TEST(TextCheckTest, AgreesWithTheLibrary) {
  std::mt19937_64 random(testing::TestSeed());
  const std::vector<std::string> parts = {"",
                                          "a",
                                          "bcdefghi",
                                          "\xc3\xa9",
                                          "\xe2\x82\xac",
                                          "\xf0\x9f\x98\x80",
                                          "\xed\xa0",
                                          "\xf4\x8f\xbf\xbf",
                                          "\xef\xbf\xbf",
                                          "\xe0\xa0\x80"};
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> texts(1 + random() % 12);
    for (auto& text : texts) {
      for (uint64_t n = random() % 4; n > 0; --n) text += parts[random() % parts.size()];
    }
    if (random() % 2 == 0) texts[random() % texts.size()] += static_cast<char>(random());
    const auto column = Texts(texts);
    const auto found = FindRowNotUtf8(*column);
    EXPECT_EQ(!found, column->ValidateFull().ok()) << "round " << round;
    if (found) {
      EXPECT_FALSE(column->Slice(*found, 1)->ValidateFull().ok());
      EXPECT_TRUE(column->Slice(0, *found)->ValidateFull().ok());
    }
  }
}

}  // namespace
}  // namespace headrace
