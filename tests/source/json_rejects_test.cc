// Bad JSON rows put aside: which ones, why, with what text, and what is left.
#include <random>

#include "source/json/json_scan.h"
#include "source/outcome.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

Result<Outcome> ReadJsonAside(const std::string& text, const ReadSettings& settings,
                              const RecordPlaceColumns& places = {}) {
  const std::string path = WriteTestFile("rejects.json", text);
  ScanContext context = TestContext(settings);
  context.bad_rows = BadRows::kQuarantine;
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenJsonScan({{path, static_cast<int64_t>(text.size())}},
                                                settings.csv, context, places));
  ScanRequest request;
  request.columns = settings.columns;
  ARROW_ASSIGN_OR_RAISE(Outcome outcome, ReadOutcome(scan.get(), request, settings.batch_bytes));
  std::remove(path.c_str());
  return outcome;
}

// The error that the first bad row ends the same reading with.
Status Failure(const std::string& text, const ReadSettings& settings) {
  const std::string path = WriteTestFile("rejects.json", text);
  ARROW_ASSIGN_OR_RAISE(auto scan, OpenJsonScan({{path, static_cast<int64_t>(text.size())}},
                                                settings.csv, TestContext(settings)));
  ScanRequest request;
  request.columns = settings.columns;
  const Status status = ReadOutcome(scan.get(), request, settings.batch_bytes).status();
  std::remove(path.c_str());
  return status;
}

constexpr char kEveryKindOfJson[] = R"({"a": 1, "b": {"x": "one", "y": [1, 2]}})"
                                    "\n"
                                    R"({"a": 2, "b": {"x": "two")"
                                    "\n"
                                    R"({"a": "x3"})"
                                    "\r\n"
                                    R"({"a": 4, "b": {"x": 1, "x": 2}})"
                                    "\n"
                                    R"([5])"
                                    "\n\n"
                                    "{\"a\": 6, \"b\": {\"x\": \"caf\xe9\"}}\n"
                                    R"({"a": 7, "b": {"y": []}})"
                                    "\n"
                                    R"({"a": 8.5, "b": {"y": [8, null]}})"
                                    "\n"
                                    R"({"a": 9, "b": {"x": "\q"}} )"
                                    "\n"
                                    R"({"a": "10"})";

ReadSettings TypedJson() {
  ReadSettings settings;
  settings.csv.types = {{"a", "int64"}};
  return settings;
}

TEST(JsonRejects, EveryKindHasPlaceReasonAndText) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadJsonAside(kEveryKindOfJson, TypedJson()));
  EXPECT_EQ(
      outcome.rejects,
      (std::vector<std::string>{
          R"(2@41 - invalid_json (the line ends where ',' or '}' should stand at byte 66: near ' 2, "b": {"x": "two"') [{"a": 2, "b": {"x": "two"])",
          R"(3@67 a bad_value (int64: 'x3': not a whole number) [{"a": "x3"}])",
          R"(4@80 - repeated_key (the key "x" at byte 103 stands in its object twice) [{"a": 4, "b": {"x": 1, "x": 2}}])",
          R"(5@112 - not_an_object (an array of its own) [[5]])",
          "7@117 - invalid_utf8 (byte 0xe9 at byte 141 is not UTF-8) [{\"a\": 6, \"b\": {\"x\": "
          "\"caf\xe9\"}}]",
          R"(9@171 a bad_value (int64: '8.5': not a whole number) [{"a": 8.5, "b": {"y": [8, null]}}])",
          R"(10@205 - invalid_json (a backslash before 'q' at byte 226: near '"a": 9, "b": {"x": "\q"}} ') [{"a": 9, "b": {"x": "\q"}} ])",
      }));
  ASSERT_EQ(outcome.rows.size(), 3U);
  EXPECT_EQ(outcome.rows[1][0], "7");
  EXPECT_EQ(outcome.rows[2][0], "10");
  EXPECT_EQ(outcome.order, (std::vector<std::string>{"row", "reject", "reject", "reject", "reject",
                                                     "reject", "row", "reject", "reject", "row"}));
}

TEST(JsonRejects, AreTheSameWhereverBlocksAndBatchesEnd) {
  ExpectTheSameWhereverBatchesEnd(TypedJson(), 300, 3, [](const ReadSettings& settings) {
    return ReadJsonAside(kEveryKindOfJson, settings);
  });
}

TEST(JsonRejects, TakeNoPartInTypesAndKeys) {
  ASSERT_OK_AND_ASSIGN(
      const Outcome outcome,
      ReadJsonAside("{\"a\":1}\n{\"a\":\"x\",\"b\":}\n{\"c\":1]\n{\"a\":2}\n", {}));
  EXPECT_EQ(outcome.types, "int64");
  EXPECT_EQ(outcome.rows, (std::vector<std::vector<std::string>>{{"1"}, {"2"}}));
  EXPECT_EQ(outcome.rejects.size(), 2U);
}

// Elements of an array and objects over several lines: what ends a bad one is its last bracket.
TEST(JsonRejects, InAnArrayAndInDocuments) {
  for (const char* text : {"[{\"a\":1},{\"a\" 2},\n{\"a\":[3,]} , 7, {\"a\":\n4}]",
                           "{\n\"a\":1}{\"a\" 2}\n{\"a\":[3,]}   7  {\"a\":\n4}\n"}) {
    for (int64_t batch_bytes : {1, 5, 1000}) {
      ReadSettings settings;
      settings.batch_bytes = batch_bytes;
      ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadJsonAside(text, settings));
      EXPECT_EQ(outcome.rows, (std::vector<std::vector<std::string>>{{"1"}, {"4"}})) << text;
      ASSERT_EQ(outcome.rejects.size(), 3U) << text;
      EXPECT_TRUE(outcome.rejects[0].ends_with("[{\"a\" 2}]")) << outcome.rejects[0];
      EXPECT_TRUE(outcome.rejects[1].ends_with("[{\"a\":[3,]}]")) << outcome.rejects[1];
      EXPECT_TRUE(outcome.rejects[2].ends_with("not_an_object (a value of its own) [7]"))
          << outcome.rejects[2];
    }
  }
  // Where the elements of an array end is then not known.
  const Status broken = ReadJsonAside("[{\"a\":1} {\"a\":2}]", {}).status();
  EXPECT_NE(broken.message().find("an array of JSON objects is broken"), std::string::npos);
}

TEST(JsonRejects, LongFieldsAndRows) {
  ReadSettings settings;
  settings.csv.field_bytes_max = 10;
  const std::string fits(10, 'f');
  std::string text = "{\"a\":\"" + fits + "\"}\n{\"a\":\"" + fits + "x\"}\n{\"a\":\"\"";
  text += std::string(17 << 20, ' ') + "}\n{\"a\":\"\"}\n";
  for (int64_t batch_bytes : {1000, 32 << 20}) {
    settings.batch_bytes = batch_bytes;
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadJsonAside(text, settings));
    EXPECT_EQ(outcome.rows.size(), 2U);
    ASSERT_EQ(outcome.rejects.size(), 2U);
    EXPECT_EQ(
        outcome.rejects[0],
        "2@19 - field_too_long (column a: 11 bytes, the limit is 10) [{\"a\":\"" + fits + "x\"}]");
    EXPECT_EQ(
        outcome.rejects[1].substr(0, 80),
        "3@39 - record_too_long (a row of 17825800 bytes, the limit is 16777216) [{\"a\":\"\"");
    EXPECT_GT(outcome.rejects[1].size(), 17'825'800U);
  }
}

TEST(JsonRejects, MoreThanOnePartCanTell) {
  ReadSettings settings;
  settings.csv.types = {{"a", "int64"}, {"c", "double"}};
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    text += i % 4 == 0   ? "{\"a\":\"x\",\"l\":[{\"t\":1}]}\n"
            : i % 4 == 1 ? "{\"a\":5\n"
            : i % 4 == 2 ? "{\"c\":\"y\",\"a\":true}\n"
                         : fmt::format("{{\"a\":{},\"l\":[{{\"t\":{}}},null]}}\n", i, i);
  }
  for (int64_t batch_bytes : {1 << 10, 1 << 24}) {
    settings.batch_bytes = batch_bytes;
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadJsonAside(text, settings));
    EXPECT_EQ(outcome.rejects.size(), 7'500U);
    EXPECT_EQ(outcome.rejects[2].substr(0, 40), "3@31 c bad_value (double: 'y': not a num");
    ASSERT_EQ(outcome.rows.size(), 2'500U);
    for (size_t i = 0; i < outcome.rows.size(); ++i) {
      ASSERT_EQ(outcome.rows[i][0], std::to_string(4 * i + 3));
      ASSERT_NE(outcome.rows[i][1].find(std::to_string(4 * i + 3)), std::string::npos)
          << outcome.rows[i][1];
    }
    for (size_t i = 0; i < outcome.order.size(); ++i)
      ASSERT_EQ(outcome.order[i], i % 4 == 3 ? "row" : "reject");
  }
}

TEST(JsonRejects, LinesAndOffsetsBesideThem) {
  for (int64_t batch_bytes : {1, 30, 1000}) {
    ReadSettings settings = TypedJson();
    settings.batch_bytes = batch_bytes;
    settings.columns = {"n", "a", "at"};
    const std::string text = "\xef\xbb\xbf{\"a\":1}\n\n{\"a\":\"x\"}\n {\"a\":3}\n{]\n{\"a\":4}\n";
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadJsonAside(text, settings, {"n", "at"}));
    EXPECT_EQ(outcome.rows, (std::vector<std::vector<std::string>>{
                                {"1", "1", "3"}, {"4", "3", "23"}, {"6", "4", "34"}}));
    EXPECT_EQ(outcome.rejects.size(), 2U);
  }
}

// Texts made of the pieces that brackets and quotes trip over.
std::string RandomJsonText(std::mt19937_64* random) {
  constexpr const char* kPieces[] = {
      "{\"a\":1}", "\n",   "\n", "{\"a\":", "\"x\"}",       "}",      "{\"a\":\"q\"}",
      ",",         " ",    "[",  "]",       "\"",           "\\",     "\xff",
      "7",         "null", ":",  "\r",      "{\"b\":[{}]}", "\"a\":", "\xc3\xa9"};
  return WithRandomPieces("{\"a\":0,\"b\":[]}\n", kPieces, 40, random);
}

// A reading that fails on no row gives what one gives that puts rows aside; blocks change nothing.
TEST(JsonRejects, AgreeWithFailingOnAnyText) {
  const uint64_t seed = testing::TestSeed();
  for (uint64_t i = 0; i < 150; ++i) {
    std::mt19937_64 random(seed + i);
    const std::string text = RandomJsonText(&random);
    ReadSettings settings;
    settings.csv.types = {{"a", (seed + i) % 2 == 0 ? "int64" : "string"}};
    const std::string replay = fmt::format("HEADRACE_SEED={} text {}", seed + i, text);
    ASSERT_OK_AND_ASSIGN(const Outcome whole, ReadJsonAside(text, settings));
    const Status failed = Failure(text, settings);
    ASSERT_EQ(failed.ok(), whole.rejects.empty()) << replay << failed;
    for (int64_t batch_bytes : {1, 7, 64}) {
      settings.batch_bytes = batch_bytes;
      settings.chunk_rows = 1 + batch_bytes % 4;
      ASSERT_OK_AND_ASSIGN(const Outcome cut, ReadJsonAside(text, settings));
      ASSERT_EQ(cut.rejects, whole.rejects) << replay;
      ASSERT_EQ(cut.rows, whole.rows) << replay;
      ASSERT_EQ(cut.order, whole.order) << replay;
      ASSERT_EQ(Failure(text, settings).message(), failed.message()) << replay;
    }
  }
}

}  // namespace
}  // namespace headrace
