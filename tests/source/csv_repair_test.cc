// Records with a fault that become rows all the same: which, how, and that nothing else changes.
#include <random>

#include "source/outcome.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Result<Outcome> Repaired(const std::string& text, const ReadSettings& settings) {
  return ReadCsvOutcome(text, settings, BadRows::kRepair);
}

ReadSettings Texts() {
  ReadSettings settings;
  settings.csv.delimiter = ',';
  settings.csv.quote = '"';
  settings.csv.header = true;
  settings.csv.all_strings = true;
  return settings;
}

constexpr char kEveryFault[] =
    "a,b,c\n"
    "1,x,2.5\n"
    "2\n"
    "3,y,4.5,,\r\n"
    "4,y,5.5,z\n"
    "5,\"q\"r,6.5\n"
    "6,\"\"l, m\",7.5\n"
    "7,\"n,8.5\n"
    "8,\"o\np\",\"9\"\n"
    "9,\"\"s\"\"t, u\",v\n"
    "10,\"\"w\"\" y, z\",\"a\nb\"\n"
    "11,\"c\"d\r\n"
    "12,\"e\"\r\n"
    "13,f,x\r,\n"
    "14,caf\xe9\n"
    "15,,\"\n";

// A stray quote ends with its line; what is in quotes before and behind it may have several.
TEST(CsvRepair, EveryFault) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Repaired(kEveryFault, Texts()));
  EXPECT_EQ(outcome.rows, (Rows{{"[1]", "[x]", "[2.5]"},
                                {"[2]", "NULL", "NULL"},
                                {"[3]", "[y]", "[4.5]"},
                                {"[5]", "[\"q\"r]", "[6.5]"},
                                {"[6]", "[\"l, m]", "[7.5]"},
                                {"[7]", "[\"n]", "[8.5]"},
                                {"[8]", "[o\np]", "[9]"},
                                {"[9]", "[\"s\"t, u]", "[v]"},
                                {"[10]", "[\"w\" y, z]", "[a\nb]"},
                                {"[12]", "[e]", "NULL"},
                                {"[15]", "NULL", "[\"]"}}));
  EXPECT_EQ(outcome.rejects,
            (std::vector<std::string>{
                "5@27 - too_many_fields (4 fields instead of 3) [4,y,5.5,z]",
                "14@119 - malformed_quote (text after a closing quote at byte 125) [11,\"c\"d]",
                "16@136 - too_many_fields (4 fields instead of 3) [13,f,x\r,]",
                "17@145 - invalid_utf8 (byte 0xe9 at byte 151 is not UTF-8) [14,caf\xe9]"}));
  EXPECT_EQ(outcome.repaired, (RepairCounts{2, 1, 6}));
}

TEST(CsvRepair, IsTheSameWhereverBlocksAndBatchesEnd) {
  ExpectTheSameWhereverBatchesEnd(
      Texts(), static_cast<int64_t>(std::size(kEveryFault)) + 2, 1,
      [](const ReadSettings& settings) { return Repaired(kEveryFault, settings); });
}

// A repaired row may hold a bad value: then it is one of the rejects, whole.
TEST(CsvRepair, BadValuesInRepairedRows) {
  ReadSettings settings = Texts();
  settings.csv.all_strings = false;
  settings.csv.types = {{"a", "int64"}, {"b", "string"}, {"c", "double"}};
  const std::string text = "a,b,c\nx\n1\n\"2\",\"y\"z,w\n3,y,4.5,,\ny,y,5,,\r\n\"4\n";
  const auto read = [&](const ReadSettings& with) { return Repaired(text, with); };
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, read(settings));
  EXPECT_EQ(outcome.rows, (Rows{{"1", "NULL", "NULL"}, {"3", "[y]", "4.5"}}));
  EXPECT_EQ(outcome.rejects,
            (std::vector<std::string>{
                "2@6 a bad_value (int64: 'x': not a whole number) [x]",
                "4@10 c bad_value (double: 'w': not a number) [\"2\",\"y\"z,w]",
                "6@31 a bad_value (int64: 'y': not a whole number) [y,y,5,,]",
                "7@40 - unclosed_quote (a quote is opened at byte 40 and never closed) [\"4]"}));
  EXPECT_EQ(outcome.repaired, (RepairCounts{1, 1, 0}));
  ExpectTheSameWhereverBatchesEnd(settings, 60, 1, read);
}

TEST(CsvRepair, RepairedRowsTakePartInTypes) {
  ReadSettings settings = Texts();
  settings.csv.all_strings = false;
  ASSERT_OK_AND_ASSIGN(const Outcome outcome,
                       Repaired("a,b,c\n1,2,x\n1.5\n2,2,\"y\"z\n3,007,x,,\n4,x,x,x\n", settings));
  EXPECT_EQ(outcome.types, "double string string");
}

// Where the empty field is no NULL, a missing one is empty text as well; positions for many of them
// stand behind the text of the block.
TEST(CsvRepair, FillsUpAsEmptyFields) {
  std::string text = "c0";
  for (int i = 1; i < 3000; ++i) text += fmt::format(",c{}", i);
  text += "\nx\ny";
  ReadSettings settings = Texts();
  for (const bool only_na : {false, true}) {
    if (only_na) settings.csv.null_values = std::vector<std::string>{"NA"};
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, Repaired(text, settings));
    ASSERT_EQ(outcome.rows.size(), 2U);
    ASSERT_EQ(outcome.rows[1].size(), 3000U);
    EXPECT_EQ(outcome.rows[1][0], "[y]");
    EXPECT_EQ(outcome.rows[1][2999], only_na ? "[]" : "NULL");
  }
}

TEST(CsvRepair, MoreThanOneRangeCanTell) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 12'000; ++i)
    text += i % 3 == 0 ? "x\n" : i % 3 == 1 ? "5,y,z,,\n" : "6,\"y\"z,z\n";
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Repaired(text, Texts()));
  EXPECT_EQ(outcome.rows.size(), 12'000U);
  EXPECT_EQ(outcome.repaired, (RepairCounts{4000, 4000, 4000}));
}

// No end of the quote is in sight within the longest record.
// Each of the quotes would be looked for to the end of the line: days, if it were once for each.
TEST(CsvRepair, ALineOfNothingButMistakenQuotes) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200'000; ++i) text += "\"x\"y,";
  text += "\n1,2\n";
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Repaired(text, Texts()));
  EXPECT_EQ(outcome.rows, (Rows{{"[1]", "[2]"}}));
  EXPECT_EQ(outcome.rejects.size(), 1u);
}

TEST(CsvRepair, AQuoteThatIsOpenForTooLong) {
  ReadSettings settings = Texts();
  settings.csv.field_bytes_max = 100;
  std::string text = "a,b\n0,\"z\n1,\"x\n";
  for (int i = 0; i < 100; ++i) text += "2,some text\n";
  for (int64_t batch_bytes : {1, 16, 100}) {
    settings.batch_bytes = batch_bytes;
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, Repaired(text, settings));
    EXPECT_EQ(outcome.rejects, std::vector<std::string>{});
    ASSERT_EQ(outcome.rows.size(), 102U);
    EXPECT_EQ(outcome.rows[1], (std::vector<std::string>{"[1]", "[\"x]"}));
  }
}

struct HeaderCase {
  const char* header;
  std::vector<std::string> names;
  int64_t repaired_rows;
};

TEST(CsvRepair, Headers) {
  const std::vector<HeaderCase> cases = {
      {"a,b,c", {"a", "b", "c"}, 0},
      {"a,bc", {"a", "bc", "column_3"}, 0},  // a delimiter too few
      {"a,,b,c", {"a", "b", "c"}, 0},        // one too many
      {"a,b,c,", {"a", "b", "c"}, 0},
      {"a b c", {"a", "b", "c"}, 0},  // another one
      {"a;\"b\";c", {"a", "b", "c"}, 0},
      {"\"a,b,c", {"\"a", "b", "c"}, 0},  // a stray quote
      {"a,b,\"c", {"a", "b", "\"c"}, 0},
      {"\"a,\"b\",c", {"\"a", "b", "c"}, 0},
      {"a,b,c,d", {"a", "b", "c", "d"}, 3},  // no name is dropped
      {"a,b b", {"a", "b b", "column_3"}, 0},
  };
  for (const HeaderCase& wanted : cases) {
    const std::string path =
        WriteTestFile("header.csv", std::string(wanted.header) + "\n1,\"x\",2\n3,\"y\",4\n5,z,6\n");
    ScanContext context = TestContext(Texts());
    context.bad_rows = BadRows::kRepair;
    ASSERT_OK_AND_ASSIGN(auto scan, OpenCsvScan({{path, 100}}, Texts().csv, context));
    EXPECT_EQ(scan->column_names(), wanted.names) << wanted.header;
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadOutcome(scan.get(), {}, 1 << 20));
    EXPECT_EQ(outcome.rows.size(), 3U) << wanted.header;
    EXPECT_EQ(outcome.repaired[0], wanted.repaired_rows) << wanted.header;
    std::remove(path.c_str());
  }
}

// Rows that all end in a delimiter have no column more than the header.
TEST(CsvRepair, ADelimiterBehindEveryRow) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, Repaired("a,b\n1,2,\n3,4,\n5,6,7\n", Texts()));
  EXPECT_EQ(outcome.rows, (Rows{{"[1]", "[2]"}, {"[3]", "[4]"}}));
  EXPECT_EQ(outcome.rejects.size(), 1U);
}

std::string RandomSpoiltText(std::mt19937_64* random) {
  constexpr const char* kPieces[] = {"a",  "1",    ",",    ",",   ",",   "\n",  "\n",
                                     "\"", "\"",   "\"\"", "\r",  "x",   "\\",  "#",
                                     "é",  "\xff", "\"\n", ",\"", "\",", "\r\n"};
  return WithRandomPieces("a,b,c\n", kPieces, 70, random);
}

// Blocks change nothing, and what has no fault is read as ever.
TEST(CsvRepair, AnyText) {
  const uint64_t seed = testing::TestSeed();
  for (uint64_t i = 0; i < 200; ++i) {
    std::mt19937_64 random(seed + i);
    const std::string text = RandomSpoiltText(&random);
    ReadSettings settings = Texts();
    settings.csv.skip_rows = 0;
    settings.csv.all_strings = i % 2 == 0;
    if (i % 3 == 0) settings.csv.escape = '\\';
    if (i % 5 == 0) settings.csv.comment = '#';
    if (i % 7 == 0) settings.csv.null_values = std::vector<std::string>{"1"};
    const std::string replay = fmt::format("seed {} text {}", seed + i, text);
    ASSERT_OK_AND_ASSIGN(const Outcome whole, Repaired(text, settings));
    ASSERT_OK_AND_ASSIGN(const Outcome aside, ReadCsvOutcome(text, settings, BadRows::kQuarantine));
    if (aside.rejects.empty()) {
      ASSERT_EQ(whole.rows, aside.rows) << replay;
      ASSERT_EQ(whole.repaired, RepairCounts{}) << replay;
    }
    for (int64_t batch_bytes : {1, 7, 64}) {
      settings.batch_bytes = batch_bytes;
      settings.chunk_rows = 1 + batch_bytes % 4;
      ASSERT_OK_AND_ASSIGN(const Outcome cut, Repaired(text, settings));
      ASSERT_EQ(cut.rejects, whole.rejects) << replay;
      ASSERT_EQ(cut.rows, whole.rows) << replay;
      ASSERT_EQ(cut.types, whole.types) << replay;
      ASSERT_EQ(cut.repaired, whole.repaired) << replay;
    }
  }
}

}  // namespace
}  // namespace headrace
