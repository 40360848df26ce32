// Rows out of text: block borders, threads and ranges must not show.
#include <gtest/gtest.h>

#include <random>

#include "source/csv/sniffer.h"
#include "source/csv_reading.h"

namespace headrace {
namespace {

using Rows = std::vector<std::vector<std::string>>;

ReadSettings AllStrings() {
  ReadSettings settings;
  settings.csv.all_strings = true;
  settings.csv.delimiter = ',';
  settings.csv.quote = '"';
  settings.csv.header = true;
  return settings;
}

TEST(CsvRows, ReadsQuotedFields) {
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("a,b\n\"x\"\"y\",\"1\n2\"\n,\"\"\n"));
  EXPECT_EQ(Cells(*table), (Rows{{"[x\"y]", "[1\n2]"}, {"NULL", "[]"}}));
}

TEST(CsvRows, TakesEveryLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    ASSERT_OK_AND_ASSIGN(auto table,
                         ReadText("a,b" + end + "1,x" + end + "2,\"y\"" + end + end + "3,"));
    EXPECT_EQ(Cells(*table), (Rows{{"1", "[x]"}, {"2", "[y]"}, {"3", "NULL"}}))
        << ::testing::PrintToString(end);
  }
}

TEST(CsvRows, KeepsStrayQuotesInUnquotedFields) {
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("a,b\n5\" pipe,x\n6\"\" pipe,\"y,z\"\n"));
  EXPECT_EQ(Cells(*table), (Rows{{"[5\" pipe]", "[x]"}, {"[6\"\" pipe]", "[y,z]"}}));
}

TEST(CsvRows, BlankLinesAreRowsOnlyInOneColumn) {
  ASSERT_OK_AND_ASSIGN(auto one, ReadText("a\n1\n\n2\n"));
  EXPECT_EQ(Cells(*one), (Rows{{"1"}, {"NULL"}, {"2"}}));
  ASSERT_OK_AND_ASSIGN(auto two, ReadText("a,b\n1,2\n\n\r\n3,4\n\n"));
  EXPECT_EQ(Cells(*two), (Rows{{"1", "2"}, {"3", "4"}}));
}

TEST(CsvRows, SkipsLinesAndComments) {
  ReadSettings settings;
  settings.csv.skip_rows = 2;
  settings.csv.comment = '#';
  ASSERT_OK_AND_ASSIGN(auto table,
                       ReadText("made by \"x\nat 5\n#c,\"\na,b\n#1,2\n1,2\n", settings));
  EXPECT_EQ(Cells(*table), (Rows{{"1", "2"}}));
}

TEST(CsvRows, NullTexts) {
  ReadSettings settings;
  settings.csv.null_values = {"NA", "-"};
  ASSERT_OK_AND_ASSIGN(auto table,
                       ReadText("n,s,d\n1,NA,NA\nNA,\"NA\",1.5\n-,,-\n\"NA\",x,2\n", settings));
  EXPECT_EQ(TypesOf(*table), "int64 string double");
  EXPECT_EQ(Cells(*table), (Rows{{"1", "NULL", "NULL"},
                                 {"NULL", "[NA]", "1.5"},
                                 {"NULL", "[]", "NULL"},
                                 {"NULL", "[x]", "2"}}));
}

TEST(CsvRows, ProjectsInTheWantedOrder) {
  ReadSettings settings;
  settings.columns = {"c", "a"};
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("a,b,c\n1,bad,x\n2,worse,y\n", settings));
  EXPECT_EQ(Cells(*table), (Rows{{"[x]", "1"}, {"[y]", "2"}}));
}

TEST(CsvRows, NamesColumns) {
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("a,,a,a_1,a\n1,2,3,4,5\n"));
  EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"a", "column_2", "a_2", "a_1", "a_3"}));
  ReadSettings settings;
  settings.csv.header = false;
  ASSERT_OK_AND_ASSIGN(auto bare, ReadText("x,y\n1,2\n", settings));
  EXPECT_EQ(bare->ColumnNames(), (std::vector<std::string>{"column_1", "column_2"}));
}

TEST(CsvRows, FilesAreMatchedByName) {
  const std::string first = WriteTestFile("first.csv", "a,b\n1,x\n");
  const std::string second = WriteTestFile("second.csv", "b,a\ny,2");
  const std::string third = WriteTestFile("third.csv", "a,b\n3,z\n");
  for (int64_t batch_bytes : {1, 3, 1000}) {
    ReadSettings settings;
    settings.batch_bytes = batch_bytes;
    ASSERT_OK_AND_ASSIGN(auto table, ReadFiles({first, second, third}, settings));
    EXPECT_EQ(Cells(*table), (Rows{{"1", "[x]"}, {"2", "[y]"}, {"3", "[z]"}}));
  }
  const std::string other = WriteTestFile("other.csv", "a,c\n4,w\n");
  const auto failed = ReadFiles({first, other}, {});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(GetErrorCode(failed.status()), 410);
  EXPECT_NE(failed.status().message().find("it lacks 'b' it adds 'c'"), std::string::npos)
      << failed.status();
}

const char* const kBorderTexts[] = {
    "a,b,c\n1,\"x,\ny\",2024-01-01\n22,\"\"\"\",\n,z,2024-02-29\n",
    "a,b\r\n\"q\"\"\",1.5\r\n\r\n\"r\r\ns\",-2e3\r\n",
    "n\n1\n\n22\n333",
    "k;v\n\xc3\xa9;\xe2\x82\xac\n\"\xf0\x9f\x98\x80;\";x\n",
    "a,b\n5\" x,1\n\"6\"\"\",2\n7\" y,3\n",
};

TEST(CsvRows, BlockBordersNeverShow) {
  for (const char* text : kBorderTexts) {
    ASSERT_OK_AND_ASSIGN(auto expected, ReadText(text));
    for (int64_t batch_bytes = 1; batch_bytes < static_cast<int64_t>(strlen(text)) + 3;
         ++batch_bytes) {
      for (int threads : {1, 3}) {
        ReadSettings settings;
        settings.batch_bytes = batch_bytes;
        settings.chunk_rows = 1 + batch_bytes % 3;
        settings.threads = threads;
        ASSERT_OK_AND_ASSIGN(auto table, ReadText(text, settings));
        ASSERT_TRUE(table->schema()->Equals(*expected->schema())) << batch_bytes << "\n" << text;
        ASSERT_EQ(Cells(*table), Cells(*expected)) << batch_bytes << "\n" << text;
      }
    }
  }
}

// Random tables are written as CSV in random ways and must come back as they were.
TEST(CsvRows, RandomTablesComeBack) {
  const char* given = std::getenv("HEADRACE_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("replay: HEADRACE_TEST_SEED=" + std::to_string(seed) +
               " test_source --gtest_filter=CsvRows.Random*");
  std::mt19937_64 random(seed);
  const std::vector<std::string> pieces = {
      "a", "\"", ",", "\n", "\r\n", " ", "\xc3\xa9", "longer text of many bytes, ", "'", "0"};
  for (int round = 0; round < 300; ++round) {
    const size_t columns = 1 + random() % 5;
    const size_t rows = random() % 20;
    const std::string end = random() % 2 == 0 ? "\n" : "\r\n";
    std::string text;
    for (size_t c = 0; c < columns; ++c) text += (c > 0 ? "," : "") + ("c" + std::to_string(c));
    text += end;
    Rows expected;
    for (size_t r = 0; r < rows; ++r) {
      std::vector<std::string> row;
      for (size_t c = 0; c < columns; ++c) {
        std::string value;
        for (uint64_t n = random() % 4; n > 0; --n) value += pieces[random() % pieces.size()];
        const bool must_quote =
            value.find_first_of("\",\n\r") != std::string::npos || (columns == 1 && value.empty());
        const bool quote = must_quote || random() % 3 == 0;
        std::string written = value;
        if (quote) {
          for (size_t at = written.find('"'); at != std::string::npos;
               at = written.find('"', at + 2))
            written.insert(at, "\"");
          written = "\"" + written + "\"";
        }
        text += (c > 0 ? "," : "") + written;
        row.push_back(value.empty() && !quote ? "NULL" : "[" + value + "]");
      }
      expected.push_back(row);
      if (r + 1 < rows || random() % 2 == 0) text += end;
    }
    ReadSettings settings = AllStrings();
    settings.batch_bytes = 1 + static_cast<int64_t>(random() % 200);
    settings.threads = 1 + static_cast<int>(random() % 3);
    ASSERT_OK_AND_ASSIGN(auto table, ReadText(text, settings));
    ASSERT_EQ(Cells(*table), expected) << text;
  }
}

TEST(CsvRows, NoCommentCharacterIsNoComment) {
  CsvOptions options;
  options.comment = '\0';
  ASSERT_OK_AND_ASSIGN(Dialect dialect, DialectOfOptions(options));
  EXPECT_EQ(dialect.comment, kNoCharacter);
  EXPECT_TRUE(dialect.parity_decides());
  // A NUL behind the sample is a value like any other.
  ReadSettings settings = AllStrings();
  settings.csv.comment = '\0';
  std::string text = "a,b\n";
  while (text.size() < 300 * 1024) text += "1,2\n";
  text += std::string("\0x,y\n", 5);
  ASSERT_OK_AND_ASSIGN(auto table, ReadText(text, settings));
  EXPECT_EQ(Cells(*table).back(), (std::vector<std::string>{std::string("[\0x]", 4), "[y]"}));
}

TEST(CsvRows, APreambleMayBeLong) {
  constexpr int kLines = 60'000;
  constexpr int kRows = 20'000;
  for (const char end : {'\n', '\r'}) {
    std::string text;
    for (int i = 0; i < kLines; ++i) text += "# line " + std::to_string(i) + " is 5\" wide" + end;
    text += std::string("a,b") + end;
    for (int i = 0; i < kRows; ++i) text += std::to_string(i) + ",x" + end;
    ReadSettings comments;
    comments.csv.comment = '#';
    ReadSettings skipped;
    skipped.csv.skip_rows = kLines;
    for (const ReadSettings& settings : {comments, skipped}) {
      ASSERT_OK_AND_ASSIGN(auto table, ReadText(text, settings));
      EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"a", "b"}));
      EXPECT_EQ(table->num_rows(), kRows);
      EXPECT_EQ(TypesOf(*table), "int64 string");
    }
  }
}

// A preamble that fills nearly all of the first sample leaves the sniffer as much as it has without
// one.
TEST(CsvRows, ThePreambleTakesNothingFromTheSniffer) {
  std::string text;
  while (text.size() < 256 * 1024 - 8) text += "# x\n";
  text += "a,b;c,d\n";  // the one record of the first sample, where a comma fits better
  while (text.size() < 600 * 1024) text += "1;2\n";
  ReadSettings settings;
  settings.csv.comment = '#';
  ASSERT_OK_AND_ASSIGN(auto table, ReadText(text, settings));
  EXPECT_EQ(table->ColumnNames(), (std::vector<std::string>{"a,b", "c,d"}));
}

TEST(CsvRows, GivenTypesFindTheirColumnsAsStepsDo) {
  ReadSettings settings;
  settings.csv.types = {{"FARE", "double"}, {"zone", "int32"}};
  ASSERT_OK_AND_ASSIGN(auto table, ReadText("Fare,zone,Zone\n1,2,3\n", settings));
  EXPECT_EQ(TypesOf(*table), "double int32 int64");
  settings.csv.types = {{"ZONE", "int32"}};
  const Status ambiguous = ReadText("Fare,zone,Zone\n1,2,3\n", settings).status();
  EXPECT_EQ(GetErrorCode(ambiguous), 168) << ambiguous;
  EXPECT_EQ(GetErrorKind(ambiguous), ErrorKind::kInvalidConfig);
}

}  // namespace
}  // namespace headrace
