// Every encoding of our own, in columns of every shape, read back by the library.
#include <gtest/gtest.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>
#include <random>

#include "encoder_harness.h"
#include "sink/parquet/bit_packing.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

using testing::BatchVector;
using testing::ExpectRows;
using testing::OpenReader;
using testing::WriteFile;

constexpr int64_t kRowsOfShape =
    9'000;  // several slices, and very many of the small pages of WriteFile

// The value of a row, as a number that each type makes its own value of.
using Shape = std::function<uint64_t(int64_t row)>;

struct NamedShape {
  const char* name;
  Shape shape;
};

std::vector<NamedShape> Shapes(std::mt19937_64& random) {
  return {{"sorted", [](int64_t row) { return row * 3; }},
          {"few", [&](int64_t) { return (random() % 5) << 21; }},
          {"one", [](int64_t) { return uint64_t{7}; }},
          {"runs", [](int64_t row) { return (row / 777 % 9) << 20; }},
          {"any", [&](int64_t) { return random(); }},
          {"extremes", [&](int64_t) { return random() % 2 == 0 ? 0 : ~uint64_t{0} >> 1; }},
          // Looks like a dictionary to a sample, and then is none.
          {"rare", [&](int64_t row) { return row % 97 == 1 ? random() : (random() % 40) << 40; }},
          {"swells", [&](int64_t row) { return row < 6'000 ? (random() % 9) << 33 : random(); }}};
}

// Rows that are NULL: none, a few, whole pages and all but a few.
const std::vector<std::function<bool(int64_t)>> kNulls = {
    [](int64_t) { return false; }, [](int64_t row) { return row % 31 == 5; },
    [](int64_t row) { return row < 7'000; }, [](int64_t row) { return row % 1000 != 0; }};

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> MakeColumn(const Shape& shape,
                                         const std::function<bool(int64_t)>& is_null, Value value) {
  Builder builder;
  for (int64_t row = 0; row < kRowsOfShape; ++row) {
    const uint64_t number = shape(row);
    EXPECT_TRUE((is_null(row) ? builder.AppendNull() : builder.Append(value(number))).ok());
  }
  return builder.Finish().ValueOrDie();
}

template <typename To>
To BitsAs(uint64_t number) {
  To value;
  std::memcpy(&value, &number, sizeof(value));
  return value;
}

std::string TextOfNumber(uint64_t number) {
  return std::string(number % 13, 'x') + std::to_string(number % 1'000'003);
}

std::shared_ptr<arrow::RecordBatch> RowsOfShape(const Shape& shape,
                                                const std::function<bool(int64_t)>& is_null) {
  const auto floats = [](uint64_t number) { return static_cast<float>(number) / 16; };
  const auto doubles = [](uint64_t number) { return static_cast<double>(number) / 100; };
  arrow::ArrayVector columns = {MakeColumn<arrow::Int8Builder>(shape, is_null, BitsAs<int8_t>),
                                MakeColumn<arrow::UInt16Builder>(shape, is_null, BitsAs<uint16_t>),
                                MakeColumn<arrow::Int32Builder>(shape, is_null, BitsAs<int32_t>),
                                MakeColumn<arrow::UInt32Builder>(shape, is_null, BitsAs<uint32_t>),
                                MakeColumn<arrow::Int64Builder>(shape, is_null, BitsAs<int64_t>),
                                MakeColumn<arrow::UInt64Builder>(shape, is_null, BitsAs<uint64_t>),
                                MakeColumn<arrow::FloatBuilder>(shape, is_null, floats),
                                MakeColumn<arrow::DoubleBuilder>(shape, is_null, doubles),
                                MakeColumn<arrow::Date32Builder>(shape, is_null, BitsAs<int32_t>),
                                MakeColumn<arrow::StringBuilder>(shape, is_null, TextOfNumber),
                                MakeColumn<arrow::LargeBinaryBuilder>(shape, is_null, TextOfNumber),
                                MakeColumn<arrow::StringViewBuilder>(shape, is_null, TextOfNumber)};
  arrow::FieldVector fields;
  for (const auto& column : columns)
    fields.push_back(arrow::field("c_" + column->type()->ToString(), column->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), kRowsOfShape, columns);
}

TEST(FlatPages, EveryShapeComesBackWithItsBounds) {
  std::mt19937_64 random(testing::TestSeed());
  for (const auto& [name, shape] : Shapes(random)) {
    for (size_t nulls = 0; nulls < kNulls.size(); ++nulls) {
      SCOPED_TRACE(std::string(name) + ", nulls " + std::to_string(nulls));
      const auto rows = RowsOfShape(shape, kNulls[nulls]);
      const BatchVector group = {rows->Slice(0, 4'345), rows->Slice(4'345)};
      const auto content = WriteFile(rows->schema(), {group}, "zstd", arrow::default_memory_pool());
      ASSERT_TRUE(content.ok()) << content.status().ToString();
      ExpectRows(*content, {group});
    }
  }
}

TEST(FlatPages, BoundsAreThoseOfTheValues) {
  std::mt19937_64 random(testing::TestSeed());
  arrow::Int32Builder ints;
  arrow::UInt32Builder unsigneds;
  arrow::DoubleBuilder doubles;
  std::vector<int32_t> values(50'000);
  for (int32_t& value : values) value = static_cast<int32_t>(random());
  for (int32_t value : values) {
    ASSERT_TRUE(ints.Append(value).ok());
    ASSERT_TRUE(unsigneds.Append(static_cast<uint32_t>(value)).ok());
    ASSERT_TRUE(doubles.Append(value % 3 == 0 ? std::nan("") : std::abs(value % 5)).ok());
  }
  const arrow::ArrayVector columns = {ints.Finish().ValueOrDie(), unsigneds.Finish().ValueOrDie(),
                                      doubles.Finish().ValueOrDie()};
  const auto schema =
      arrow::schema({arrow::field("i", arrow::int32()), arrow::field("u", arrow::uint32()),
                     arrow::field("d", arrow::float64())});
  const auto batch = arrow::RecordBatch::Make(schema, 50'000, columns);
  const auto content =
      WriteFile(schema, {{batch}}, "zstd", arrow::default_memory_pool()).ValueOrDie();
  auto reader = OpenReader(content);
  const auto row_group = reader->parquet_reader()->metadata()->RowGroup(0);
  std::shared_ptr<parquet::Statistics> bounds[3];  // owned here: a chunk makes them when asked
  for (int column = 0; column < 3; ++column) {
    bounds[column] = row_group->ColumnChunk(column)->statistics();
  }
  const auto& int_bounds = static_cast<const parquet::Int32Statistics&>(*bounds[0]);
  EXPECT_EQ(int_bounds.min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(int_bounds.max(), *std::max_element(values.begin(), values.end()));
  const auto as_unsigned = [](int32_t a, int32_t b) {
    return static_cast<uint32_t>(a) < static_cast<uint32_t>(b);
  };
  const auto& unsigned_bounds = static_cast<const parquet::Int32Statistics&>(*bounds[1]);
  EXPECT_EQ(unsigned_bounds.min(), *std::min_element(values.begin(), values.end(), as_unsigned));
  EXPECT_EQ(unsigned_bounds.max(), *std::max_element(values.begin(), values.end(), as_unsigned));
  const auto& double_bounds = static_cast<const parquet::DoubleStatistics&>(*bounds[2]);
  EXPECT_EQ(double_bounds.min(), 0);
  EXPECT_TRUE(std::signbit(double_bounds.min()));  // both zeros are within
  EXPECT_EQ(double_bounds.max(), 4);
}

TEST(FlatPages, AFullDictionaryIsFollowedByPlainerPages) {
  std::mt19937_64 random(testing::TestSeed());
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < 60'000; ++row)
    ASSERT_TRUE(builder.Append(TextOfNumber(row < 50'000 ? random() % 9 : random())).ok());
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  const BatchVector group = {
      arrow::RecordBatch::Make(schema, 60'000, {builder.Finish().ValueOrDie()})};
  const auto content =
      WriteFile(schema, {group}, "none", arrow::default_memory_pool()).ValueOrDie();
  ExpectRows(content, {group});
  auto reader = OpenReader(content);
  const auto encodings =
      reader->parquet_reader()->metadata()->RowGroup(0)->ColumnChunk(0)->encodings();
  EXPECT_EQ(std::count(encodings.begin(), encodings.end(), parquet::Encoding::RLE_DICTIONARY), 1);
}

TEST(FlatPages, TheCodecIsDroppedWhereItGainsNothing) {
  std::mt19937_64 random(testing::TestSeed());
  arrow::Int64Builder any;
  arrow::Int64Builder few;
  arrow::StringBuilder texts;
  arrow::DoubleBuilder near;
  for (int64_t row = 0; row < 40'000; ++row) {
    ASSERT_TRUE(any.Append(static_cast<int64_t>(random())).ok());
    ASSERT_TRUE(few.Append(static_cast<int64_t>(random() % 8 << 40)).ok());
    ASSERT_TRUE(texts.Append("a name that repeats " + std::to_string(row)).ok());
    ASSERT_TRUE(near.Append(1e6 + static_cast<double>(random() % 1'000'000'007) / 1e4).ok());
  }
  const auto schema =
      arrow::schema({arrow::field("any", arrow::int64()), arrow::field("few", arrow::int64()),
                     arrow::field("texts", arrow::utf8()), arrow::field("near", arrow::float64())});
  const BatchVector group = {
      arrow::RecordBatch::Make(schema, 40'000,
                               {any.Finish().ValueOrDie(), few.Finish().ValueOrDie(),
                                texts.Finish().ValueOrDie(), near.Finish().ValueOrDie()})};
  const auto content =
      WriteFile(schema, {group}, "zstd", arrow::default_memory_pool()).ValueOrDie();
  ExpectRows(content, {group});
  auto reader = OpenReader(content);
  const auto row_group = reader->parquet_reader()->metadata()->RowGroup(0);
  const auto codec_of = [&](int column) { return row_group->ColumnChunk(column)->compression(); };
  EXPECT_EQ(codec_of(0), parquet::Compression::UNCOMPRESSED);
  EXPECT_EQ(codec_of(1), parquet::Compression::UNCOMPRESSED);
  EXPECT_EQ(codec_of(2), parquet::Compression::ZSTD);
  EXPECT_EQ(codec_of(3), parquet::Compression::ZSTD);
  const auto encodings = row_group->ColumnChunk(3)->encodings();
  EXPECT_EQ(std::count(encodings.begin(), encodings.end(), parquet::Encoding::BYTE_STREAM_SPLIT),
            1);
}

// Pages of `column` in the only row group of `content`, as the library reads the indexes.
void ExpectPageIndex(const std::string& content, int column, int64_t rows,
                     const std::function<void(int64_t begin, int64_t end, const std::string& min,
                                              const std::string& max, int64_t nulls)>& check) {
  auto reader = OpenReader(content);
  auto row_group = reader->parquet_reader()->GetPageIndexReader()->RowGroup(0);
  const auto places = row_group->GetOffsetIndex(column);
  const auto index = row_group->GetColumnIndex(column);
  ASSERT_TRUE(places && index);
  const auto& pages = places->page_locations();
  ASSERT_GT(pages.size(), 1u);
  ASSERT_EQ(index->encoded_min_values().size(), pages.size());
  for (size_t page = 0; page < pages.size(); ++page) {
    const int64_t end = page + 1 < pages.size() ? pages[page + 1].first_row_index : rows;
    if (page > 0) {
      EXPECT_EQ(pages[page].offset, pages[page - 1].offset + pages[page - 1].compressed_page_size);
    }
    check(pages[page].first_row_index, end, index->encoded_min_values()[page],
          index->encoded_max_values()[page], index->null_counts()[page]);
  }
}

TEST(FlatPages, TheIndexHasTheBoundsOfEveryPage) {
  std::mt19937_64 random(testing::TestSeed());
  constexpr int64_t kRows = 50'000;
  arrow::Int64Builder ints;
  arrow::StringBuilder texts;
  std::vector<std::optional<int64_t>> numbers(kRows);
  std::vector<std::string> words(kRows);
  for (int64_t row = 0; row < kRows; ++row) {
    if (row > 15'000 && random() % 3 != 0) numbers[row] = static_cast<int64_t>(random() % 99'999);
    // Longer than an index keeps, with characters of two bytes around the cut.
    words[row] = std::string(random() % 60 + 20, 'a' + static_cast<char>(random() % 26)) +
                 "\u00e4" + std::string(30, 'x') + std::to_string(row);
    ASSERT_TRUE((numbers[row] ? ints.Append(*numbers[row]) : ints.AppendNull()).ok());
    ASSERT_TRUE(texts.Append(words[row]).ok());
  }
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())});
  const BatchVector group = {arrow::RecordBatch::Make(
      schema, kRows, {ints.Finish().ValueOrDie(), texts.Finish().ValueOrDie()})};
  const auto content =
      WriteFile(schema, {group}, "zstd", arrow::default_memory_pool()).ValueOrDie();
  ExpectRows(content, {group});
  ExpectPageIndex(content, 0, kRows,
                  [&](int64_t begin, int64_t end, const std::string& min, const std::string& max,
                      int64_t nulls) {
                    std::vector<int64_t> present;
                    for (int64_t row = begin; row < end; ++row) {
                      if (numbers[row]) present.push_back(*numbers[row]);
                    }
                    EXPECT_EQ(nulls, end - begin - static_cast<int64_t>(present.size()));
                    EXPECT_EQ(present.empty(), min.empty());
                    if (present.empty()) return;
                    const auto number = [](const std::string& bytes) {
                      int64_t value;
                      std::memcpy(&value, bytes.data(), sizeof(value));
                      return value;
                    };
                    EXPECT_EQ(number(min), *std::min_element(present.begin(), present.end()));
                    EXPECT_EQ(number(max), *std::max_element(present.begin(), present.end()));
                  });
  ExpectPageIndex(
      content, 1, kRows,
      [&](int64_t begin, int64_t end, const std::string& min, const std::string& max, int64_t) {
        EXPECT_LE(min.size(), 64u);
        EXPECT_LE(max.size(), 64u);
        EXPECT_LE(min, *std::min_element(words.begin() + begin, words.begin() + end));
        EXPECT_GE(max, *std::max_element(words.begin() + begin, words.begin() + end));
      });
}

TEST(BitPacking, EveryWidthTakesItsBits) {
  std::mt19937_64 random(testing::TestSeed());
  for (int width = 0; width <= 64; ++width) {
    std::vector<uint64_t> values(random() % 100);
    for (uint64_t& value : values) value = width == 0 ? 0 : random() >> (64 - width);
    std::vector<uint8_t> packed(PackedBytesMax(static_cast<int64_t>(values.size()), width));
    const uint8_t* end = PackBits(std::span<const uint64_t>(values), width, packed.data());
    EXPECT_EQ(end - packed.data(), static_cast<int64_t>(values.size() * width + 7) / 8);
    for (size_t i = 0; i < values.size(); ++i) {
      uint64_t value = 0;
      for (int bit = 0; bit < width; ++bit) {
        const size_t at = i * width + bit;
        value |= static_cast<uint64_t>(packed[at / 8] >> (at % 8) & 1) << bit;
      }
      ASSERT_EQ(value, values[i]) << "width " << width << ", value " << i;
    }
  }
}

}  // namespace
}  // namespace headrace
