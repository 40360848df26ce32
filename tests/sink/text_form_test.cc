// Rows as CSV and JSON lines.
#include "sink/text/text_form.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/memory_file.h"
#include "support/random_batch.h"

namespace headrace::testing {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> OneColumn(std::shared_ptr<arrow::Array> values,
                                              const std::string& name = "a") {
  const auto schema = arrow::schema({arrow::field(name, values->type())});
  const int64_t rows = values->length();
  return arrow::RecordBatch::Make(schema, rows, {std::move(values)});
}

struct Written {
  Status status;
  std::string text;
  int chunks = 0;
};

Written Write(const std::shared_ptr<arrow::RecordBatch>& batch, const TextFormOptions& options) {
  Written written;
  MemoryFile file;
  const auto form = MakeTextForm(batch->schema(), options);
  written.status = form.status();
  if (!form.ok()) return written;
  const auto encoder = (*form)->MakeEncoder(arrow::system_memory_pool()).ValueOrDie();
  const auto writer = (*form)->MakeFileWriter(arrow::system_memory_pool(), {}).ValueOrDie();
  written.status =
      encoder->Encode({batch}, [&](std::unique_ptr<EncodedChunk> chunk, ChunkEnd) -> Status {
        ++written.chunks;
        return writer->Append(std::move(chunk), &file);
      });
  if (!written.status.ok()) return written;
  written.status = writer->Finish(&file);
  EXPECT_EQ(writer->rows(), batch->num_rows());
  written.text = file.content;
  EXPECT_EQ(writer->written_bytes(), static_cast<int64_t>(written.text.size()));
  return written;
}

std::string Csv(std::shared_ptr<arrow::Array> values) {
  return Write(OneColumn(std::move(values)), {}).text;
}

std::string Json(std::shared_ptr<arrow::Array> values) {
  TextFormOptions options;
  options.style.kind = TextStyle::Kind::kJson;
  return Write(OneColumn(std::move(values)), options).text;
}

TEST(TextFormTest, CsvFieldsAreQuotedWhereTheyMustBe) {
  EXPECT_EQ(Csv(FromJson(arrow::utf8(),
                         R"(["x", null, "", "a,b", "say \"hi\"", "two\nlines", " y", "#z", "ü"])")),
            "a\nx\n\n\"\"\n\"a,b\"\n\"say \"\"hi\"\"\"\n\"two\nlines\"\n\" y\"\n\"#z\"\nü\n");
  TextFormOptions tabs;
  tabs.style.delimiter = '\t';
  EXPECT_EQ(Write(OneColumn(FromJson(arrow::utf8(), R"(["a,b", "a\tb"])"), "a\tb"), tabs).text,
            "\"a\tb\"\na,b\n\"a\tb\"\n");
}

TEST(TextFormTest, NumbersAreExact) {
  EXPECT_EQ(Csv(FromJson(arrow::uint64(), "[18446744073709551615, 0, null]")),
            "a\n18446744073709551615\n0\n\n");
  EXPECT_EQ(Csv(FromJson(arrow::float64(), "[0.1, 1, -0.0, 1e300, 5e-324]")),
            "a\n0.1\n1.0\n-0.0\n1e+300\n5e-324\n");
  EXPECT_EQ(Csv(FromJson(arrow::float32(), "[0.1, 16777216]")), "a\n0.1\n16777216.0\n");
  EXPECT_EQ(
      Csv(FromJson(arrow::decimal128(20, 3), R"(["-0.001", "12.345", "-99999999999999999.999"])")),
      "a\n-0.001\n12.345\n-99999999999999999.999\n");
  EXPECT_EQ(
      Csv(FromJson(arrow::decimal128(38, 0), R"(["-99999999999999999999999999999999999999"])")),
      "a\n-99999999999999999999999999999999999999\n");
  EXPECT_EQ(Csv(FromJson(arrow::decimal128(18, 0), R"(["-9223372036854775"])")),
            "a\n-9223372036854775\n");
  EXPECT_EQ(Csv(FromJson(arrow::boolean(), "[true, false]")), "a\ntrue\nfalse\n");
}

TEST(TextFormTest, TimesAreIsoAndInUtcWhereTheyHaveAZone) {
  const auto micro = arrow::TimeUnit::MICRO;
  EXPECT_EQ(Csv(FromJson(arrow::date32(), "[-719162, 0, 2932896]")),
            "a\n0001-01-01\n1970-01-01\n9999-12-31\n");
  EXPECT_EQ(Csv(FromJson(arrow::timestamp(micro), "[-1, 1500000]")),
            "a\n1969-12-31 23:59:59.999999\n1970-01-01 00:00:01.5\n");
  EXPECT_EQ(Csv(FromJson(arrow::timestamp(micro, "Europe/Berlin"), "[0]")),
            "a\n1970-01-01 00:00:00Z\n");
  EXPECT_EQ(Csv(FromJson(arrow::time64(arrow::TimeUnit::NANO), "[3723000000001]")),
            "a\n01:02:03.000000001\n");
  EXPECT_EQ(Json(FromJson(arrow::timestamp(micro, "UTC"), "[0, null]")),
            "{\"a\":\"1970-01-01T00:00:00Z\"}\n{\"a\":null}\n");
  EXPECT_EQ(Json(FromJson(arrow::date64(), "[86400000]")), "{\"a\":\"1970-01-02\"}\n");
}

TEST(TextFormTest, JsonEscapesAndNests) {
  EXPECT_EQ(Json(FromJson(arrow::utf8(), R"(["a\"b\\c\n\u0001ü/"])")),
            "{\"a\":\"a\\\"b\\\\c\\n\\u0001ü/\"}\n");
  const auto nested = arrow::struct_(
      {arrow::field("x", arrow::list(arrow::int32())), arrow::field("y \"", arrow::utf8())});
  EXPECT_EQ(
      Json(FromJson(nested, R"([{"x": [1, null], "y \"": "s"}, null, {"x": [], "y \"": null}])")),
      "{\"a\":{\"x\":[1,null],\"y \\\"\":\"s\"}}\n{\"a\":null}\n"
      "{\"a\":{\"x\":[],\"y \\\"\":null}}\n");
  EXPECT_EQ(
      Json(FromJson(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1], ["l", null]]])")),
      "{\"a\":[{\"key\":\"k\",\"value\":1},{\"key\":\"l\",\"value\":null}]}\n");
  // A slice of nested values shows its own rows.
  EXPECT_EQ(
      Json(FromJson(nested, R"([{"x": [1], "y \"": "s"}, {"x": [2, 3], "y \"": "t"}])")->Slice(1)),
      "{\"a\":{\"x\":[2,3],\"y \\\"\":\"t\"}}\n");
}

TEST(TextFormTest, WhatHasNoTextIsRefused) {
  const auto code = [](std::shared_ptr<arrow::Array> values, TextStyle::Kind kind) {
    TextFormOptions options;
    options.style.kind = kind;
    return GetErrorCode(Write(OneColumn(std::move(values)), options).status);
  };
  const auto csv = TextStyle::Kind::kCsv;
  const auto json = TextStyle::Kind::kJson;
  EXPECT_EQ(code(FromJson(arrow::binary(), R"(["x"])"), csv), 215);
  EXPECT_EQ(code(FromJson(arrow::list(arrow::binary()), R"([["x"]])"), json), 215);
  EXPECT_EQ(code(FromJson(arrow::list(arrow::int8()), "[[1]]"), csv), 215);
  EXPECT_EQ(code(FromJson(arrow::duration(arrow::TimeUnit::SECOND), "[1]"), json), 215);
  EXPECT_EQ(code(FromJson(arrow::date32(), "[2932897]"), csv), 647);
  arrow::DoubleBuilder doubles;
  ASSERT_TRUE(doubles.Append(std::numeric_limits<double>::infinity()).ok());
  const auto infinite = doubles.Finish().ValueOrDie();
  EXPECT_EQ(code(infinite, json), 646);
  EXPECT_EQ(Csv(infinite), "a\nInfinity\n");
  arrow::StringBuilder strings;
  ASSERT_TRUE(strings.Append("\xff").ok());
  const auto invalid = strings.Finish().ValueOrDie();
  EXPECT_EQ(code(invalid, csv), 648);
  const Written written = Write(OneColumn(invalid, "bad"), {});
  EXPECT_THAT(written.status.message(), HasSubstr("column 'bad'"));
}

TEST(TextFormTest, LargeTextComesInBoundedChunksAndIsTheSame) {
  std::mt19937_64 random(TestSeed());
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())});
  const auto batch = RandomBatch(schema, 60'000, 0.1, random);
  TextFormOptions options;
  const Written whole = Write(batch, options);
  EXPECT_EQ(whole.chunks, 1);
  ASSERT_GT(whole.text.size(), 2 * static_cast<size_t>(kTextBlockBytes));
  options.chunk_bytes_max = 1;
  const Written parts = Write(batch, options);
  EXPECT_GT(parts.chunks, 2);
  EXPECT_EQ(parts.text, whole.text);
}

TEST(TextFormTest, ARowLargerThanABlockPasses) {
  arrow::StringBuilder strings;
  for (const size_t length : {size_t{10}, size_t{700'000}, size_t{200'000}, size_t{200'000}}) {
    ASSERT_TRUE(strings.Append(std::string(length, 'x')).ok());
  }
  const std::string text = Csv(strings.Finish().ValueOrDie());
  EXPECT_EQ(text.size(), 2 + 11 + 700'001 + 2 * 200'001u);
}

}  // namespace
}  // namespace headrace::testing
