// Row groups encoded apart and strung together must read back, by the library's own reader, as the
// rows that went in.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <random>

#include "encoder_harness.h"
#include "sink/parquet/text_bounds.h"
#include "support/arrow_kernels.h"
#include "support/memory_file.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

using testing::BatchVector;
using testing::ExpectRows;
using testing::MemoryFile;
using testing::OpenReader;
using testing::WriteFile;

std::shared_ptr<arrow::Schema> FlatSchema() {
  const auto timestamp = [](arrow::TimeUnit::type unit, const char* zone) {
    return arrow::timestamp(unit, zone);
  };
  std::vector<std::shared_ptr<arrow::DataType>> types = {
      arrow::boolean(),
      arrow::int8(),
      arrow::int16(),
      arrow::int32(),
      arrow::int64(),
      arrow::uint8(),
      arrow::uint16(),
      arrow::uint32(),
      arrow::uint64(),
      arrow::float32(),
      arrow::float64(),
      arrow::date32(),
      arrow::time32(arrow::TimeUnit::MILLI),
      arrow::time64(arrow::TimeUnit::MICRO),
      timestamp(arrow::TimeUnit::MICRO, ""),
      timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin"),
      timestamp(arrow::TimeUnit::NANO, ""),
      timestamp(arrow::TimeUnit::MILLI, "UTC"),
      arrow::duration(arrow::TimeUnit::MICRO),
      arrow::utf8(),
      arrow::binary(),
      arrow::large_utf8(),
      arrow::large_binary(),
      arrow::fixed_size_binary(5),
      arrow::null()};
  arrow::FieldVector fields;
  for (const auto& type : types) fields.push_back(arrow::field("c_" + type->ToString(), type));
  fields.push_back(arrow::field("required", arrow::int64(), /*nullable=*/false));
  fields.push_back(arrow::field("required text", arrow::utf8(), /*nullable=*/false));
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::Schema> NestedSchema() {
  return arrow::schema(
      {arrow::field("id", arrow::int32()), arrow::field("list", arrow::list(arrow::utf8())),
       arrow::field("pair", arrow::struct_({arrow::field("a", arrow::int64()),
                                            arrow::field("b", arrow::list(arrow::float64()))}))});
}

std::shared_ptr<arrow::RecordBatch> RandomRows(const std::shared_ptr<arrow::Schema>& schema,
                                               int64_t rows, double null_share,
                                               std::mt19937_64& random) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    columns.push_back(
        testing::RandomArray(field->type(), rows, field->nullable() ? null_share : 0, random));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

TEST(EncoderRoundTrip, EveryFlatTypeUnderEveryCodec) {
  std::mt19937_64 random(testing::TestSeed());
  for (const char* compression : {"zstd", "zstd:3", "snappy", "lz4", "gzip", "none"}) {
    SCOPED_TRACE(compression);
    const auto schema = FlatSchema();
    std::vector<BatchVector> groups;
    for (double null_share : {0.0, 0.3, 1.0}) {
      auto wide = RandomRows(schema, 900, null_share, random);
      groups.push_back({RandomRows(schema, 1, null_share, random), wide->Slice(13, 777),
                        RandomRows(schema, 0, null_share, random),
                        RandomRows(schema, 333, 0.1, random)});
    }
    auto content = WriteFile(schema, groups, compression, arrow::default_memory_pool());
    ASSERT_TRUE(content.ok()) << content.status().ToString();
    ExpectRows(*content, groups);
  }
}

TEST(EncoderRoundTrip, NestedColumns) {
  std::mt19937_64 random(testing::TestSeed());
  const auto schema = NestedSchema();
  const std::vector<BatchVector> groups = {
      {RandomRows(schema, 500, 0.2, random), RandomRows(schema, 70, 0, random)},
      {RandomRows(schema, 41, 0.5, random)}};
  auto content = WriteFile(schema, groups, "zstd", arrow::default_memory_pool());
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  ExpectRows(*content, groups);
}

TEST(EncoderRoundTrip, DecimalsAreStoredAsIntegersWhereTheyFit) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int precision : {5, 9, 15, 18, 30}) {
    const auto type = arrow::decimal128(precision, 2);
    arrow::Decimal128Builder builder(type);
    for (int i = 0; i < 3000; ++i) {
      ASSERT_TRUE(
          (i % 7 == 0 ? builder.AppendNull() : builder.Append(arrow::Decimal128(i * 13 - 20000)))
              .ok());
    }
    fields.push_back(arrow::field("d" + std::to_string(precision), type));
    columns.push_back(builder.Finish().ValueOrDie());
  }
  const auto schema = arrow::schema(fields);
  const std::vector<BatchVector> groups = {{arrow::RecordBatch::Make(schema, 3000, columns)}};
  auto content = WriteFile(schema, groups, "zstd", arrow::default_memory_pool());
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  ExpectRows(*content, groups);
  auto reader = OpenReader(*content);
  const auto* descriptor = reader->parquet_reader()->metadata()->schema();
  EXPECT_EQ(descriptor->Column(0)->physical_type(), parquet::Type::INT32);
  EXPECT_EQ(descriptor->Column(3)->physical_type(), parquet::Type::INT64);
  EXPECT_EQ(descriptor->Column(4)->physical_type(), parquet::Type::FIXED_LEN_BYTE_ARRAY);
}

TEST(EncoderRoundTrip, AFileWithoutRowGroupsHasItsSchema) {
  auto content = WriteFile(FlatSchema(), {}, "zstd", arrow::default_memory_pool());
  ASSERT_TRUE(content.ok());
  auto table = OpenReader(*content)->ReadTable().ValueOrDie();
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_TRUE(table->schema()->Equals(*FlatSchema(), false));
}

TEST(EncoderRoundTrip, StatisticsAreThere) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < 5000; ++i)
    ASSERT_TRUE((i == 7 ? builder.AppendNull() : builder.Append(i * i)).ok());
  const std::vector<BatchVector> groups = {
      {arrow::RecordBatch::Make(schema, 5000, {builder.Finish().ValueOrDie()})}};
  const auto content = WriteFile(schema, groups, "zstd", arrow::default_memory_pool()).ValueOrDie();
  auto reader = OpenReader(content);
  const auto row_group = reader->parquet_reader()->metadata()->RowGroup(0);
  const auto statistics = row_group->ColumnChunk(0)->statistics();
  ASSERT_TRUE(statistics && statistics->HasMinMax());
  EXPECT_EQ(statistics->null_count(), 1);
  EXPECT_EQ(static_cast<const parquet::Int64Statistics&>(*statistics).max(), 4999 * 4999);
  EXPECT_EQ(row_group->num_rows(), 5000);
}

TEST(EncoderRoundTrip, BoundsOfTextAreBytewise) {
  std::mt19937_64 random(testing::TestSeed());
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  for (int round = 0; round < 50; ++round) {
    arrow::StringBuilder builder;
    std::vector<std::string> values;
    for (int i = 0; i < 40; ++i) {
      // Common beginnings, embedded zeros and bytes above 127 are where comparing by words could go
      // wrong.
      std::string value = round % 2 ? "same beginning " : "";
      for (uint64_t n = random() % 12; n > 0; --n) value.push_back("\0a\x7f\xc3"[random() % 4]);
      values.push_back(value);
      ASSERT_TRUE(builder.Append(value).ok());
    }
    ASSERT_TRUE(builder.AppendNull().ok());
    const std::vector<BatchVector> groups = {
        {arrow::RecordBatch::Make(schema, 41, {builder.Finish().ValueOrDie()})}};
    const auto content =
        WriteFile(schema, groups, "zstd", arrow::default_memory_pool()).ValueOrDie();
    auto reader = OpenReader(content);
    const auto row_group = reader->parquet_reader()->metadata()->RowGroup(0);
    const auto statistics = row_group->ColumnChunk(0)->statistics();
    ASSERT_TRUE(statistics && statistics->HasMinMax());
    EXPECT_EQ(statistics->EncodeMin(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(statistics->EncodeMax(), *std::max_element(values.begin(), values.end()));
    EXPECT_EQ(statistics->null_count(), 1);
  }
}

TEST(TextBounds, CutTextsKeepTheirOrderAndLeaveNoBound) {
  std::mt19937_64 random(testing::TestSeed());
  constexpr size_t kMax = TextBounds::kBytesMax;
  const std::string common(kMax - 2, 'm');
  for (int round = 0; round < 200; ++round) {
    arrow::BinaryBuilder builder;
    std::vector<std::string> values;
    for (uint64_t n = 1 + random() % 5; n > 0; --n) {
      // They differ just before the cut, at it, behind it, or not at all.
      std::string value = common;
      for (uint64_t more = random() % 7; more > 0; --more) value.push_back("\0b\xff"[random() % 3]);
      if (random() % 4 == 0) value.append(200'000, 'z');
      if (random() % 8 == 0)
        value = std::string(random() % 10, 'l' + static_cast<char>(random() % 3));
      ASSERT_TRUE(builder.Append(value).ok());
      values.push_back(std::move(value));
    }
    TextBounds bounds;
    bounds.Add(*builder.Finish().ValueOrDie());
    const EncodedBounds found = bounds.Finish();
    const std::string& min = *std::min_element(values.begin(), values.end());
    const std::string& max = *std::max_element(values.begin(), values.end());
    EXPECT_EQ(found.min, min.size() > kMax ? std::nullopt : std::optional(min));
    EXPECT_EQ(found.max, max.size() > kMax ? std::nullopt : std::optional(max));
    EXPECT_LE(bounds.kept_bytes(), 2 * (kMax + 1));
  }
}

TEST(EncoderRoundTrip, UsesOnlyTheGivenPoolAndGivesAllBack) {
  std::mt19937_64 random(testing::TestSeed());
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  const auto schema = FlatSchema();
  const std::vector<BatchVector> groups = {{RandomRows(schema, 20000, 0.1, random)}};
  const int64_t outside = arrow::default_memory_pool()->bytes_allocated();
  {
    auto layout = ParquetLayout::Make(schema, {}, &pool).ValueOrDie();
    auto encoder = RowGroupEncoder::Make(layout, &pool).ValueOrDie();
    auto encoded = encoder->Encode(groups[0]).ValueOrDie();
    EXPECT_GE(pool.bytes_allocated(), encoded.compressed_bytes());
    EXPECT_EQ(arrow::default_memory_pool()->bytes_allocated() - outside, pool.bytes_allocated());
    int64_t arrow_bytes = 20000 * 250;
    EXPECT_LE(pool.max_memory(), RowGroupEncoderBytesMax(arrow_bytes, schema->num_fields(), {}));
  }
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

TEST(EncoderRoundTrip, LongStringsDoNotPileUpInOnePage) {
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  arrow::StringBuilder builder;
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(builder.Append(std::string(100'000, static_cast<char>('a' + i % 26))).ok());
  const BatchVector batches = {
      arrow::RecordBatch::Make(schema, 200, {builder.Finish().ValueOrDie()})};
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  auto layout = ParquetLayout::Make(schema, {}, &pool).ValueOrDie();
  auto encoder = RowGroupEncoder::Make(layout, &pool).ValueOrDie();
  ASSERT_TRUE(encoder->Encode(batches).ok());
  EXPECT_LT(pool.max_memory(), 6 << 20);  // of 20 MB
}

// Four texts of 5 MB, two of which do not compress, among short ones, empty ones and NULL.
BatchVector LongTexts(const std::shared_ptr<arrow::DataType>& type, bool nullable,
                      std::mt19937_64& random) {
  auto builder = arrow::MakeBuilder(type).ValueOrDie();
  const auto append = [&](std::string_view text) {
    return type->id() == arrow::Type::STRING
               ? static_cast<arrow::StringBuilder&>(*builder).Append(text)
               : static_cast<arrow::LargeBinaryBuilder&>(*builder).Append(text);
  };
  for (int i = 0; i < 40; ++i) {
    std::string text(i % 10 == 5 ? 5'000'000 : i % 3, static_cast<char>('a' + i % 26));
    if (i > 20) {
      for (char& c : text) c = static_cast<char>(random() & 0x7f);
    }
    EXPECT_TRUE((nullable && i % 7 == 3 ? builder->AppendNull() : append(text)).ok());
  }
  const auto texts = builder->Finish().ValueOrDie();
  const auto schema = arrow::schema({arrow::field("s", type, nullable)});
  return {arrow::RecordBatch::Make(schema, 18, {texts->Slice(0, 18)}),
          arrow::RecordBatch::Make(schema, 22, {texts->Slice(18)})};
}

TEST(EncoderRoundTrip, LongTextsUnderEveryCodec) {
  std::mt19937_64 random(testing::TestSeed());
  const std::vector<BatchVector> kinds = {LongTexts(arrow::utf8(), /*nullable=*/true, random),
                                          LongTexts(arrow::large_binary(), false, random)};
  for (const char* compression : {"zstd", "snappy", "lz4", "gzip", "none"}) {
    SCOPED_TRACE(compression);
    for (const BatchVector& batches : kinds) {
      const auto content =
          WriteFile(batches[0]->schema(), {batches}, compression, arrow::default_memory_pool());
      ASSERT_TRUE(content.ok()) << content.status().ToString();
      ExpectRows(*content, {batches});
    }
  }
}

TEST(EncoderRoundTrip, ALongTextIsHeldOnceBesideTheRows) {
  std::mt19937_64 random(testing::TestSeed());
  std::string text(40'000'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(random());
  arrow::BinaryBuilder builder;
  ASSERT_TRUE(builder.Append(text).ok());
  const auto schema = arrow::schema({arrow::field("b", arrow::binary())});
  const BatchVector batches = {
      arrow::RecordBatch::Make(schema, 1, {builder.Finish().ValueOrDie()})};
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  auto layout = ParquetLayout::Make(schema, {}, &pool).ValueOrDie();
  auto encoder = RowGroupEncoder::Make(layout, &pool).ValueOrDie();
  ASSERT_TRUE(encoder->Encode(batches).ok());
  EXPECT_LT(pool.max_memory(), 43'000'000);
}

TEST(EncoderRoundTrip, FullDiskIsTheFilesError) {
  std::mt19937_64 random(testing::TestSeed());
  const auto schema = FlatSchema();
  auto layout = ParquetLayout::Make(schema, {}, arrow::default_memory_pool()).ValueOrDie();
  auto encoder = RowGroupEncoder::Make(layout, arrow::default_memory_pool()).ValueOrDie();
  MemoryFile file;
  file.fail_after_bytes = 1000;
  ParquetFileWriter writer(layout, arrow::default_memory_pool());
  auto encoded = encoder->Encode({RandomRows(schema, 2000, 0, random)}).ValueOrDie();
  const Status status = writer.Append(std::move(encoded), &file);
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kOutOfDisk) << status.ToString();
}

TEST(EncoderRoundTrip, TypesThatParquetCannotHoldAreNamed) {
  const auto schema = arrow::schema(
      {arrow::field("ok", arrow::int32()), arrow::field("odd", arrow::month_day_nano_interval())});
  auto layout = ParquetLayout::Make(schema, {}, arrow::default_memory_pool());
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(GetErrorKind(layout.status()), ErrorKind::kInvalidPlan);
  EXPECT_THAT(layout.status().message(), ::testing::HasSubstr("'odd'"));
}

TEST(EncoderRoundTrip, CompressionTexts) {
  EXPECT_EQ(ParseParquetCompression("zstd:7")->level, 7);
  for (const char* bad :
       {"", "zst", "zstd:", "zstd:0", "zstd:99", "zstd:3x", "snappy:1", "brotli"}) {
    auto options = ParseParquetCompression(bad);
    EXPECT_FALSE(options.ok()) << bad;
    EXPECT_EQ(GetErrorKind(options.status()), ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace headrace
