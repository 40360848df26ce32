#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/csv_reading.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JsonScanTest : public ::testing::Test {
 protected:
  std::string Put(const std::string& name, const std::string& text) {
    directory_.Put(name, text);
    return directory_ / name;
  }

  Result<std::shared_ptr<arrow::Table>> Read(const std::vector<std::string>& paths,
                                             int64_t batch_bytes = 1 << 20, int threads = 1) {
    Cancellation cancellation;
    ScanContext context;
    context.env = Env::Default();
    context.pool = arrow::default_memory_pool();
    context.cancellation = &cancellation;
    context.batch_bytes = batch_bytes;
    context.threads = threads;
    context.bad_rows = bad_rows_;
    InputSpec input;
    input.paths = paths;
    input.csv = options_;
    ARROW_ASSIGN_OR_RAISE(auto scan, OpenScan(input, context));
    ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan.get(), request_, batch_bytes));
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto morsel, source->Next());
      if (morsel == nullptr) break;
      ARROW_RETURN_NOT_OK(source->Read(std::move(morsel), [&](Batch batch) {
        if (batch.rejects != nullptr) rejects_.push_back(batch.rejects);
        if (batch.columns != nullptr) {
          EXPECT_TRUE(batch.columns->ValidateFull().ok());
          rows_given_ += batch.columns->num_rows();
          batches.push_back(std::move(batch.columns));
        }
        return Status::OK();
      }));
    }
    ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(source->schema(), batches));
    return table->CombineChunks();
  }
  // Of a text that is one file.
  std::string Message(const std::string& text) {
    return Read({Put("bad.json", text)}).status().message();
  }
  std::string SchemaOf(const std::string& text) {
    auto table = Read({Put("t.jsonl", text)});
    return table.ok() ? (*table)->schema()->ToString() : table.status().ToString();
  }

  TemporaryDirectory directory_;
  CsvOptions options_;
  ScanRequest request_;
  BadRows bad_rows_ = BadRows::kFail;
  int64_t rows_given_ = 0;
  std::vector<std::shared_ptr<arrow::RecordBatch>> rejects_;
};

constexpr const char* kRows[] = {
    R"({"id": 1, "v": 1, "s": "a\u00e9\ud83d\ude00\n", "n": {"x": 1, "y": [1, 2]}, "d": "2024-01-01"})",
    R"({"id":2,"v":1.5,"s":null,"n":{"y":[],"z":"}]{["},"d":"2024-02-01","m":"x"})", R"({})",
    R"({ "s" : "", "m" : {"a" : [1, {"b" : null}]}, "l": [{"a": 1}, null, {"b": [[], [2.25]]}] })",
    R"({"v":-0.0,"n":null,"l":[],"key \"\\\u0041":true,"id":9223372036854775807})"};

TEST_F(JsonScanTest, EveryLayoutAndBlockSizeGivesTheSameRows) {
  std::string lines, documents, array = "[";
  for (const char* row : kRows) {
    lines += std::string(row) + "\r\n\n";
    std::string spread(row);
    for (size_t at = 0; (at = spread.find(", \"", at)) != std::string::npos; at += 3)
      spread[at + 1] = '\n';
    documents += spread + "\n";
    array += (array.size() > 1 ? " ,\n" : "\n") + spread;
  }
  const std::string paths[] = {Put("a.jsonl", lines), Put("b.json", documents),
                               Put("c.json", array + "]\n"),
                               Put("d.ndjson", lines.substr(0, lines.size() - 3))};
  ASSERT_OK_AND_ASSIGN(const auto expected, Read({paths[0]}));
  EXPECT_EQ(expected->num_rows(), 5);
  EXPECT_THAT(expected->schema()->field_names(),
              ElementsAre("id", "v", "s", "n", "d", "m", "l", "key \"\\A"));
  for (const std::string& path : paths) {
    for (const int64_t batch_bytes : {1, 7, 64, 100, 1000, 100'000}) {
      for (const int threads : {1, 3}) {
        ASSERT_OK_AND_ASSIGN(const auto table, Read({path}, batch_bytes, threads));
        // Raw JSON of the column m keeps its own line breaks.
        EXPECT_TRUE(table->schema()->Equals(expected->schema())) << path;
        for (const char* column : {"id", "v", "s", "n", "d", "l", "key \"\\A"})
          EXPECT_TRUE(table->GetColumnByName(column)->Equals(expected->GetColumnByName(column)))
              << path << " " << batch_bytes << " " << column;
      }
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto twice, Read({paths[2], paths[0]}, 50, 2));
  EXPECT_EQ(twice->num_rows(), 10);
}

TEST_F(JsonScanTest, TypesLoseNothing) {
  const auto type = [&](const std::string& values) {
    std::string text;
    for (size_t at = 0; at < values.size();) {
      const size_t end = std::min(values.find(' ', at), values.size());
      text += "{\"a\":" + values.substr(at, end - at) + "}\n";
      at = end + 1;
    }
    return SchemaOf(text);
  };
  EXPECT_EQ(type("1 null -5"), "a: int64");
  EXPECT_EQ(type("1 1.5"), "a: double");
  EXPECT_EQ(type("9007199254740993 1.5"), "a: decimal128(17, 1)");
  EXPECT_EQ(type("18446744073709551615"), "a: decimal128(20, 0)");
  EXPECT_EQ(type("1e400"), "a: string");
  EXPECT_EQ(type("-0 1"), "a: double");
  EXPECT_EQ(type("true null"), "a: bool");
  EXPECT_EQ(type("true 1"), "a: string");
  EXPECT_EQ(type("\"12\""), "a: string");
  EXPECT_EQ(type("\"2024-01-01\""), "a: date32[day]");
  EXPECT_EQ(type("\"2024-01-01\" \"\""), "a: string");
  EXPECT_EQ(type("\"2024-01-0\\u0031\""), "a: string");
  EXPECT_EQ(type("\"2024-01-01\" \"2024-01-01T10:00:00\""), "a: timestamp[us]");
  EXPECT_EQ(type("null"), "a: string");
  EXPECT_EQ(type("{} {}"), "a: string");
  EXPECT_THAT(type("[1] [] [2.5]"), HasSubstr("a: list<item: double>"));
  EXPECT_EQ(type("{\"b\":1} 7"), "a: string");
}

TEST_F(JsonScanTest, ColumnsCanBeChosenAndGivenTypes) {
  options_.types = {{"a", "int64"}, {"c", "string"}};
  request_.all_columns = false;
  request_.columns = {"c", "a"};
  ASSERT_OK_AND_ASSIGN(
      const auto table,
      Read({Put("t.jsonl",
                "{\"a\":\"12\",\"b\":[{}],\"c\":{\"x\": 1}}\n{\"a\":\"\",\"c\":2.50}\n")}));
  EXPECT_EQ(table->schema()->ToString(), "c: string\na: int64");
  EXPECT_EQ(table->column(0)->GetScalar(0).ValueOrDie()->ToString(), "{\"x\": 1}");
  EXPECT_EQ(table->column(0)->GetScalar(1).ValueOrDie()->ToString(), "2.50");
  EXPECT_EQ(table->column(1)->GetScalar(0).ValueOrDie()->ToString(), "12");
  EXPECT_EQ(table->column(1)->null_count(), 1);
  EXPECT_THAT(Message("{\"a\":1,\"c\":1}\n{\"a\":\"x\"}\n"),
              HasSubstr("bad.json:2 (byte 20), column a (int64): 'x': not a whole number"));
}

TEST_F(JsonScanTest, WhatIsWrongIsToldWithItsPlace) {
  const std::pair<std::string, std::string> cases[] = {
      {"{\"a\":1}\n{\"a\":2,}\n", "bad.json:2 (byte 15): '}' where a key in quotes should stand"},
      {"{\"a\":1}\n{\"a\":\"x\n{\"a\":3}\n", "bad.json:2 (byte 15): the line ends inside a string"},
      {"{\"a\":1} {\"a\":2}\n", ":1 (byte 8): '{' where the end of the line should stand"},
      {"{\"a\":01}\n", ":1 (byte 6): a number that begins with a needless 0"},
      {"{\"a\":1.}\n", ":1 (byte 7): '}' where a digit should stand"},
      {"{\"a\":NaN}\n", ":1 (byte 5): 'N' where a value should stand"},
      {"{\"a\":\"\\ud800\"}\n", "half of a surrogate pair, \\ud800, is no character"},
      {"{\"a\":\"\\x\"}\n", "a backslash before 'x'"},
      {std::string("{\"a\":\"\0\"}\n", 10), "a control character inside a string"},
      {std::string("{\"a\":\0}\n", 8), "byte 0x00 where a value should stand"},
      {"{\"a\":1}\n{\"a\":\"\xff\"}\n", "not UTF-8; name its encoding"},
      {"{\"a\":1}\n{\"a\":null,\"b\":[],\"a\":2}\n",
       "would be lost; give one of them another key: "},
      {"{\"a\":1}\n[1,2]\n", "bad.json:2 (byte 8): an array of its own"},
      {"[{\"a\":1},]", ":1 (byte 9): ']' where an element of the array should stand"},
      {"[{\"a\":1} {\"a\":2}]", ":1 (byte 9): '{\"a\":2}]' where ',' or ']'"},
      {"[{\"a\":1}", ":1 (byte 8): the array is never closed"},
      {"[{\"a\":1}] x", "'x' where nothing more behind the array should stand"},
      {"[{\"a\":", "the text ends where a value should stand"},
      {"", "no key was found"},
      {"{}\n", "no key was found"},
      {"{\"a\":" + std::string(100'000, '['), "nested too deep"}};
  for (const auto& [text, part] : cases) EXPECT_THAT(Message(text), HasSubstr(part)) << text;
  std::string keys = "{\"a\":{\"k0\":0";
  for (int i = 1; i < 10'001; ++i) keys += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_THAT(Message(keys + "}}"), HasSubstr("the object 'a' has 9999 of them"));
  options_.types = {{"a", "string"}};
  EXPECT_EQ(Message(keys + "}}"), "");
}

// Nothing has to be looked for then; and no value is lost, for another key is refused.
TEST_F(JsonScanTest, TypesOfAllKeysSpareTheLookThroughTheInput) {
  options_.types = {{"b", "string"}, {"a", "int64"}};
  std::string text = "{\"a\":1}\n{\"b\":{\"c\":2},\"a\":\"2\"}\n";
  while (text.size() < (80 << 10)) text += "{\"a\":3}\n";
  for (const std::string& array : {text, "[{\"a\":1},{\"b\":\"x\"}]" + std::string()}) {
    ASSERT_OK_AND_ASSIGN(const auto table, Read({Put("all.json", array)}, 4096, 2));
    EXPECT_EQ(table->schema()->ToString(), "a: int64\nb: string");
  }
  const std::string place =
      "another.json:" + std::to_string(std::count(text.begin(), text.end(), '\n') + 2);
  text += "{\"a\":4}\n{\"a\":5,\"c\\u0064\":1}\n";
  const Status failed = Read({Put("another.json", text)}, 4096, 2).status();
  EXPECT_THAT(failed.message(), HasSubstr("give it a type too, with --types: "));
  EXPECT_THAT(failed.message(), HasSubstr(place));
  EXPECT_THAT(failed.message(), HasSubstr("\"c\\u0064\""));
  // A first row that is longer than what is looked at says nothing.
  ASSERT_OK_AND_ASSIGN(
      const auto late,
      Read({Put("late.json", std::string(70 << 10, '\n') + "{\"a\":1,\"b\":2}\n")}));
  EXPECT_EQ(late->num_rows(), 1);
  // Types of keys that come later, of keys too few, or rows that are put aside: all is looked at.
  bad_rows_ = BadRows::kQuarantine;
  ASSERT_OK_AND_ASSIGN(const auto aside, Read({Put("another.json", text)}));
  EXPECT_EQ(aside->schema()->ToString(), "a: int64\nb: string\ncd: int64");
  bad_rows_ = BadRows::kFail;
  options_.types.push_back({"cd", "double"});
  ASSERT_OK_AND_ASSIGN(const auto more, Read({Put("another.json", text)}));
  EXPECT_EQ(more->schema()->ToString(), "a: int64\nb: string\ncd: double");
  options_.types = {{"a", "int64"}};
  ASSERT_OK_AND_ASSIGN(const auto few, Read({Put("another.json", text)}));
  EXPECT_EQ(few->num_columns(), 3);
}

// A limit may be reached by the rows before it: whether it is must not depend on what shares a
// batch with the bad value.
TEST_F(JsonScanTest, RowsBeforeABadValueAreGivenOut) {
  std::string text;
  for (int i = 0; i < 11; ++i) {
    text += "{\"a\":" + std::to_string(i) + ",\"s\":\"text " + std::to_string(i) + "\"}\n";
  }
  text += "{\"a\":\"x\",\"s\":\"y\"}\n{\"a\":\"z\"}\n";
  options_.types = {{"a", "int64"}};
  for (const int64_t batch_bytes : {1, 40, 100, 1 << 20}) {
    rows_given_ = 0;
    const auto table = Read({Put("rows.jsonl", text)}, batch_bytes);
    EXPECT_THAT(table.status().message(), HasSubstr("rows.jsonl:12 (byte")) << batch_bytes;
    EXPECT_EQ(rows_given_, 11) << batch_bytes;
  }
}

}  // namespace
}  // namespace headrace
