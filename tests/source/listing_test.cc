// Paths, globs, directories, Hive columns and formats, on a real directory tree.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "source/format.h"
#include "source/glob.h"
#include "source/hive.h"
#include "source/json_start.h"
#include "source/listing.h"
#include "source/scan.h"
#include "source/start_scan.h"
#include "support/arrow_kernels.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ListingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "headrace-listing-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Put(const std::string& path, const std::string& content = "a\n1\n") {
    const auto full = std::filesystem::path(root_) / path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << content;
  }
  std::string At(const std::string& path) const { return root_ + "/" + path; }

  // Paths below the root, or the error's message.
  std::vector<std::string> List(const std::vector<std::string>& paths) {
    std::vector<std::string> full;
    for (const auto& path : paths) full.push_back(At(path));
    auto files = ListInputs(Env::Default(), full);
    if (!files.ok()) return {files.status().message()};
    std::vector<std::string> names;
    for (const auto& file : *files) names.push_back(file.path.substr(root_.size() + 1));
    return names;
  }
  Status ListError(const std::string& path) { return ListInputs(Env::Default(), {path}).status(); }

  std::string root_;
};

TEST(Glob, Names) {
  EXPECT_TRUE(GlobMatches("*.csv", "a.csv"));
  EXPECT_TRUE(GlobMatches("*", "anything"));
  EXPECT_FALSE(GlobMatches("*", ".hidden"));
  EXPECT_TRUE(GlobMatches(".*", ".hidden"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(GlobMatches("a*b*c", "aXbYbZ"));
  EXPECT_TRUE(GlobMatches("[a-c]x[!0-9]", "bxz"));
  EXPECT_FALSE(GlobMatches("[a-c]x[!0-9]", "bx7"));
  EXPECT_TRUE(GlobMatches("[]]", "]"));
  EXPECT_TRUE(GlobMatches("a[", "a["));
  EXPECT_TRUE(GlobMatches("\\*", "*"));
  EXPECT_FALSE(GlobMatches("\\*", "x"));
  // Many stars over a long name: no exponential search.
  EXPECT_FALSE(GlobMatches("*a*a*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a')));
}

TEST(Glob, Roots) {
  EXPECT_EQ(GlobRoot("data/y=*/x.csv"), "data");
  EXPECT_EQ(GlobRoot("*.csv"), "");
  EXPECT_EQ(GlobRoot("/*.csv"), "/");
  EXPECT_EQ(GlobRoot("a/b/c"), "a/b/c");
}

TEST_F(ListingTest, FilesStayInTheOrderGivenAndCountOnce) {
  Put("b.csv");
  Put("a.csv");
  EXPECT_THAT(List({"b.csv", "a.csv", "b.csv"}), ElementsAre("b.csv", "a.csv"));
}

TEST_F(ListingTest, DirectoriesAreSearchedThrough) {
  Put("d/b.csv");
  Put("d/a/z.csv");
  Put("d/a.csv");
  Put("d/_SUCCESS");
  Put("d/.hidden/x.csv");
  Put("d/_delta_log/0.json");
  EXPECT_THAT(List({"d"}), ElementsAre("d/a.csv", "d/a/z.csv", "d/b.csv"));
  EXPECT_THAT(List({"d/"}), ElementsAre("d/a.csv", "d/a/z.csv", "d/b.csv"));
}

TEST_F(ListingTest, Globs) {
  Put("d/2024-01.csv");
  Put("d/2024-02.csv");
  Put("d/2023-12.csv");
  Put("d/e/f/deep.csv");
  Put("d/odd[1].csv");
  EXPECT_THAT(List({"d/2024-*.csv"}), ElementsAre("d/2024-01.csv", "d/2024-02.csv"));
  EXPECT_THAT(List({"*/202[34]-1?.csv"}), ElementsAre("d/2023-12.csv"));
  EXPECT_THAT(List({"d/**/*.csv"}), ElementsAre("d/2023-12.csv", "d/2024-01.csv", "d/2024-02.csv",
                                                "d/e/f/deep.csv", "d/odd[1].csv"));
  EXPECT_THAT(List({"**/deep.csv"}), ElementsAre("d/e/f/deep.csv"));
  // A file whose very name is a pattern is that file.
  EXPECT_THAT(List({"d/odd[1].csv"}), ElementsAre("d/odd[1].csv"));
}

TEST_F(ListingTest, ErrorsSayWhatIsThere) {
  Put("d/trips.csv");
  std::filesystem::create_directories(At("empty/_x"));
  const Status missing = ListError(At("d/trip.csv"));
  EXPECT_EQ(GetErrorKind(missing), ErrorKind::kSource);
  EXPECT_THAT(missing.message(), HasSubstr("'trips.csv'"));
  EXPECT_THAT(ListError(At("nowhere/x.csv")).message(), HasSubstr("nor is there a directory"));
  EXPECT_EQ(GetErrorKind(ListError(At("empty"))), ErrorKind::kSource);
  EXPECT_THAT(ListError(At("d/*.parquet")).message(), HasSubstr("no file matches"));
  // All of these can stand in a pipeline file too.
  EXPECT_EQ(GetErrorKind(ListError("https://example.org/x.csv")), ErrorKind::kInvalidConfig);
  const Status none = ListInputs(Env::Default(), {}).status();
  const Status two = ListInputs(Env::Default(), {"-", At("d")}).status();
  EXPECT_EQ(GetErrorKind(none), ErrorKind::kInvalidConfig);
  EXPECT_EQ(GetErrorKind(two), ErrorKind::kInvalidConfig);
  EXPECT_EQ(GetErrorCode(none), 105);  // each mistake has its number
  EXPECT_EQ(GetErrorCode(two), 108);
}

TEST_F(ListingTest, LinksInACircleEnd) {
  Put("d/a.csv");
  std::filesystem::create_directory_symlink(At("d"), At("d/loop"));
  EXPECT_EQ(GetErrorKind(ListError(At("d"))), ErrorKind::kSource);
}

TEST_F(ListingTest, HiveValuesComeFromBelowTheRoot) {
  Put("y=0/d/year=2024/city=K%C3%B6ln/a.csv");
  const auto files = ListInputs(Env::Default(), {At("y=0/d")}).ValueOrDie();
  ASSERT_EQ(files.size(), 1u);
  ASSERT_EQ(files[0].hive.size(), 2u);
  EXPECT_EQ(files[0].hive[0].key, "year");
  EXPECT_EQ(files[0].hive[1].value, "Köln");
  const auto globbed = ListInputs(Env::Default(), {At("y=0/d/year=*/city=*/*.csv")}).ValueOrDie();
  EXPECT_EQ(globbed[0].hive.size(), 2u);
  const auto direct =
      ListInputs(Env::Default(), {At("y=0/d/year=2024/city=K%C3%B6ln/a.csv")}).ValueOrDie();
  EXPECT_THAT(direct[0].hive, IsEmpty());
}

HiveColumns Typed(const std::vector<std::string>& paths) {
  std::vector<std::vector<HiveValue>> values;
  for (const auto& path : paths) values.push_back(ParseHivePath(path));
  return TypeHiveColumns(values, paths).ValueOrDie();
}

TEST(Hive, TypesAreLossless) {
  auto columns = Typed(
      {"/n=1/d=2024-01-31/m=01/s=x/f", "/n=-20/d=2023-02-28/m=12/s=__HIVE_DEFAULT_PARTITION__/f"});
  EXPECT_TRUE(columns.fields[0]->type()->Equals(arrow::int64()));
  EXPECT_TRUE(columns.fields[1]->type()->Equals(arrow::date32()));
  EXPECT_TRUE(columns.fields[2]->type()->Equals(arrow::utf8()));  // "01" is not what 1 prints as
  EXPECT_TRUE(columns.fields[3]->type()->Equals(arrow::utf8()));
  EXPECT_FALSE(columns.values[1][3]->is_valid);
  EXPECT_EQ(columns.values[1][0]->ToString(), "-20");
  EXPECT_EQ(columns.values[0][1]->ToString(), "2024-01-31");
  EXPECT_TRUE(Typed({"/d=2024-02-30/f"}).fields[0]->type()->Equals(arrow::utf8()));
  EXPECT_TRUE(Typed({"/n=99999999999999999999/f"}).fields[0]->type()->Equals(arrow::utf8()));
}

TEST(Hive, KeysMustAgree) {
  const std::vector<std::string> paths = {"/a=1/f", "/b=1/f"};
  const Status differ =
      TypeHiveColumns({ParseHivePath(paths[0]), ParseHivePath(paths[1])}, paths).status();
  EXPECT_EQ(GetErrorKind(differ), ErrorKind::kSource);
  EXPECT_EQ(GetErrorCode(differ), 314);
  EXPECT_EQ(GetErrorCode(TypeHiveColumns({ParseHivePath("/a=1/a=2/f")}, {"/a=1/a=2/f"}).status()),
            309);
}

TEST_F(ListingTest, FormatsByNameThenByContent) {
  Put("a.CSV.gz");
  Put("b.tsv");
  Put("c.parquet", "PAR1....");
  Put("d", "PAR1....");
  Put("e", "{\"a\": 1}\n");
  Put("f", "x,y\n1,2\n");
  const auto format = [&](const std::string& name, const std::string& option = "") {
    auto files = ListInputs(Env::Default(), {At(name)}).ValueOrDie();
    auto decided = DecideFormat(Env::Default(), option, files);
    return decided.ok() ? std::string(FormatName(decided->format)) : decided.status().message();
  };
  EXPECT_EQ(format("a.CSV.gz"), "csv");
  EXPECT_EQ(format("b.tsv"), "tsv");
  EXPECT_EQ(format("c.parquet"), "parquet");
  EXPECT_EQ(format("d"), "parquet");
  EXPECT_EQ(format("e"), "jsonl");
  EXPECT_EQ(format("f"), "csv");
  EXPECT_EQ(format("f", "PARQUET"), "parquet");
  EXPECT_THAT(format("f", "excel"), HasSubstr("unknown input format"));
  const auto mixed = ListInputs(Env::Default(), {At("b.tsv"), At("c.parquet")}).ValueOrDie();
  EXPECT_EQ(GetErrorKind(DecideFormat(Env::Default(), "", mixed).status()), ErrorKind::kSource);
}

TEST_F(ListingTest, TextFilesGetTheColumnsOfTheirDirectories) {
  Put("d/year=2023/city=A%20B/a.csv", "n,year\n1,7\n2,7\n");
  Put("d/year=2024/city=__HIVE_DEFAULT_PARTITION__/b.csv", "n,year\n3,7\n");
  Cancellation cancellation;
  ScanContext context;
  context.env = Env::Default();
  context.pool = arrow::default_memory_pool();
  context.cancellation = &cancellation;
  InputSpec input;
  input.paths = {At("d")};
  const auto read = [&](const ScanRequest& request) {
    auto scan = OpenScan(input, context).ValueOrDie();
    EXPECT_THAT(scan->column_names(), ElementsAre("n", "year", "city"));
    auto source = TypeAndStart(scan.get(), request).ValueOrDie();
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (auto morsel = source->Next().ValueOrDie()) {
      EXPECT_TRUE(source
                      ->Read(std::move(morsel),
                             [&](Batch batch) {
                               batches.push_back(batch.columns);
                               return Status::OK();
                             })
                      .ok());
    }
    return arrow::Table::FromRecordBatches(source->schema(), batches).ValueOrDie();
  };
  auto table = read({});
  ASSERT_EQ(table->num_rows(), 3);
  EXPECT_EQ(table->column(1)->GetScalar(2).ValueOrDie()->ToString(), "2024");
  EXPECT_EQ(table->column(2)->GetScalar(0).ValueOrDie()->ToString(), "A B");
  EXPECT_FALSE(table->column(2)->GetScalar(2).ValueOrDie()->is_valid);
  ScanRequest request;
  request.all_columns = false;
  request.columns = {"city", "n"};
  request.predicate = expr::Parse("year = 2023").ValueOrDie();
  table = read(request);
  EXPECT_EQ(table->num_rows(), 2);
  EXPECT_THAT(table->schema()->field_names(), ElementsAre("city", "n"));
  request = {};
  request.all_columns = false;
  request.columns = {"year"};
  EXPECT_EQ(read(request)->num_rows(), 3);
}

// Error number and message of opening one input, 0 when it opens.
std::pair<ErrorCode, std::string> OpenError(const InputSpec& input) {
  Cancellation cancellation;
  ScanContext context;
  context.env = Env::Default();
  context.pool = arrow::default_memory_pool();
  context.cancellation = &cancellation;
  const Status status = OpenScan(input, context).status();
  if (status.ok()) return {0, ""};
  const ErrorCode code = GetErrorCode(status);
  EXPECT_EQ(GetErrorKind(status), code < 200   ? ErrorKind::kInvalidConfig
                                  : code < 400 ? ErrorKind::kSource
                                               : ErrorKind::kBadInput);
  return {GetErrorCode(status), status.message()};
}

TEST_F(ListingTest, JsonIsKnownByNameAndByContent) {
  std::string numbers = "[1";
  for (int i = 0; i < 100'000; ++i) numbers += "," + std::to_string(i);
  numbers += "]\n";
  Put("array.json", numbers);
  Put("array", numbers);
  Put("object.JSON", "{\"a\":1}\n");
  Put("lines.txt", "{\"a\":1}\n{\"a\":2}\n");
  Put("brackets.txt", "[a],[b]\n1,2\n");
  InputSpec input;
  for (const char* name : {"array.json", "array"}) {  // JSON, but numbers are no rows
    input.paths = {At(name)};
    EXPECT_EQ(OpenError(input).first, 443) << name;
  }
  for (const char* name : {"object.JSON", "lines.txt", "brackets.txt"}) {
    input.paths = {At(name)};
    EXPECT_EQ(OpenError(input).first, 0) << name;
  }
  input.paths = {At("lines.txt")};
  for (const char* format : {"csv", "json", "jsonl"}) {
    input.format = format;
    EXPECT_EQ(OpenError(input).first, 0) << format;
  }
  input.csv.delimiter = ';';
  EXPECT_THAT(OpenError(input).second, HasSubstr("mean nothing to JSON: --delimiter"));
}

TEST(JsonStart, TellsJsonFromDelimitedText) {
  for (const char* json :
       {"[]", "{}", "[", "{", "[1,2,3", "[\n  {\n    \"a\": [true, null, -1.5e+3]\n  }\n]\n",
        "{\"a\":1}\n{\"a\":2}\n", "\xef\xbb\xbf{\"a\": \"x\\\"y", "[[1,2],[3,4", "[tru", "[1e+",
        "{\"a\"", "[1]\r\n[2]\r\n"}) {
    EXPECT_TRUE(StartsAsJson(json)) << json;
  }
  for (const char* other :
       {"", " \n", "a,b\n1,2\n", "1,2\n", "\"a\",\"b\"\n", "[a],[b]\n", "[1],2\n", "[1]\n5\n",
        "{a},{b}\n", "{\"a\",\"b\"}\n", "[2024-01-01 10:00:00],GET\n", "[1,]\n", "{}x\n",
        "[INFO] started\n", "{1:2}\n"}) {
    EXPECT_FALSE(StartsAsJson(other)) << other;
  }
}

TEST_F(ListingTest, CsvOptionsOnParquetAreRefused) {
  Put("a.parquet", "PAR1....");
  const auto set = [&](auto change) {
    InputSpec input;
    input.paths = {At("a.parquet")};
    change(&input.csv);
    return OpenError(input);
  };
  const auto [code, message] = set([](CsvOptions* csv) { csv->types = {{"a", "int64"}}; });
  EXPECT_EQ(code, 166);
  EXPECT_THAT(message, HasSubstr("--types; remove it or say --from csv"));
  EXPECT_THAT(set([](CsvOptions* csv) {
                csv->skip_rows = 0;
                csv->header = false;
              }).second,
              HasSubstr("--no-header, --skip-rows; remove them or say --from csv"));
  EXPECT_EQ(set([](CsvOptions* csv) { csv->delimiter = ','; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->quote = '\0'; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->escape = '\\'; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->comment = '#'; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->null_values.emplace(); }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->encoding = "utf-8"; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->all_strings = true; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->quoted_empty_is_null = true; }).first, 166);
  EXPECT_EQ(set([](CsvOptions* csv) { csv->field_bytes_max = 1; }).first, 166);
}

TEST_F(ListingTest, WhatAPipelineFileMaySayWrongIsConfiguration) {
  InputSpec input;
  input.paths = {"-"};
  input.format = "parquet";
  EXPECT_EQ(OpenError(input).first, 107);
  input.format = "excel";
  EXPECT_EQ(OpenError(input).first, 106);
  input.paths = {"s3://bucket/x.parquet"};
  EXPECT_EQ(OpenError(input).first, 104);
}

}  // namespace
}  // namespace headrace
