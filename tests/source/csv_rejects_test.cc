// Bad rows put aside: which ones, why, with what text, and what is left.
#include <random>

#include "source/outcome.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

Result<Outcome> ReadAside(const std::string& text, const ReadSettings& settings) {
  return ReadCsvOutcome(text, settings, BadRows::kQuarantine);
}

ReadSettings Plain() {
  ReadSettings settings;
  settings.csv.delimiter = ',';
  settings.csv.quote = '"';
  settings.csv.header = true;
  return settings;
}

constexpr char kEveryKind[] =
    "a,b,c\n"
    "1,x,2.5\n"
    "2,y\n"
    "3,y,4.5,z\n"
    "x4,y,5.5\r\n"
    "5,caf\xe9,6.5\n"
    "6,\"q\"r,7.5\n"
    "\n"
    "7,\"l\n\nm\",8.5\n"
    "8,\"l\nm\",8.x\n"
    "9,z,\"9.5\n"
    "10,z,10.5\n"
    "y11,z,1.2.3\n"
    "12,z,12.5";

std::vector<std::string> EveryReject() {
  return {
      "3@14 - too_few_fields (2 fields instead of 3) [2,y]",
      "4@18 - too_many_fields (4 fields instead of 3) [3,y,4.5,z]",
      "5@28 a bad_value (int64: 'x4': not a whole number) [x4,y,5.5]",
      "6@38 - invalid_utf8 (byte 0xe9 at byte 43 is not UTF-8) [5,caf\xe9,6.5]",
      "7@49 - malformed_quote (text after a closing quote at byte 54) [6,\"q\"r,7.5]",
      "12@74 c bad_value (double: '8.x': not a number) [8,\"l\nm\",8.x]",
      "14@86 - unclosed_quote (a quote is opened at byte 90 and never closed) [9,z,\"9.5]",
      "16@105 a bad_value (int64: 'y11': not a whole number) [y11,z,1.2.3]",
  };
}

ReadSettings Typed() {
  ReadSettings settings = Plain();
  settings.csv.types = {{"a", "int64"}, {"c", "double"}};
  return settings;
}

TEST(CsvRejects, EveryKindHasPlaceReasonAndText) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadAside(kEveryKind, Typed()));
  EXPECT_EQ(outcome.rejects, EveryReject());
  EXPECT_EQ(outcome.rows, (std::vector<std::vector<std::string>>{{"1", "[x]", "2.5"},
                                                                 {"7", "[l\n\nm]", "8.5"},
                                                                 {"10", "[z]", "10.5"},
                                                                 {"12", "[z]", "12.5"}}));
  EXPECT_EQ(outcome.order,
            (std::vector<std::string>{"row", "reject", "reject", "reject", "reject", "reject",
                                      "row", "reject", "reject", "row", "reject", "row"}));
}

TEST(CsvRejects, AreTheSameWhereverBlocksAndBatchesEnd) {
  ExpectTheSameWhereverBatchesEnd(Typed(), 130, 1, [](const ReadSettings& settings) {
    return ReadAside(kEveryKind, settings);
  });
}

TEST(CsvRejects, TakeNoPartInTypes) {
  ASSERT_OK_AND_ASSIGN(const Outcome outcome,
                       ReadAside("a,b\n1,2\nx\ny,z,w\n\xff,q\n\"3\"u,4\n5,6\n7,\"k\n", Plain()));
  EXPECT_EQ(outcome.types, "int64 int64");
  EXPECT_EQ(outcome.rows, (std::vector<std::vector<std::string>>{{"1", "2"}, {"5", "6"}}));
  EXPECT_EQ(outcome.rejects.size(), 5U);
}

TEST(CsvRejects, OnlyColumnsThatAreReadCanBeBad) {
  ReadSettings settings = Typed();
  settings.columns = {"b", "c"};
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadAside("a,b,c\nx,y,1.5\n2,z,w\n", settings));
  EXPECT_EQ(outcome.rejects,
            (std::vector<std::string>{"3@14 c bad_value (double: 'w': not a number) [2,z,w]"}));
}

TEST(CsvRejects, LongFields) {
  ReadSettings settings = Plain();
  settings.csv.all_strings = true;
  settings.csv.field_bytes_max = 10;
  const std::string fits(10, 'f');
  const std::string text = "a,b\n1," + fits + "\n2," + fits + "x\n\"3\",4\n5,6\n";
  for (int64_t batch_bytes : {1, 16, 1000}) {
    settings.batch_bytes = batch_bytes;
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadAside(text, settings));
    EXPECT_EQ(
        outcome.rejects,
        (std::vector<std::string>{
            "3@17 - field_too_long (field 2 has 11 bytes, the limit is 10) [2," + fits + "x]"}));
    EXPECT_EQ(outcome.rows.size(), 3U);
  }
}

// No end of the quote is in sight within the longest record: the line is given up, not the rest.
TEST(CsvRejects, AQuoteThatIsOpenForTooLong) {
  ReadSettings settings = Plain();
  settings.csv.all_strings = true;
  settings.csv.field_bytes_max = 100;
  std::string text = "a,b\n1,\"x\n";
  for (int i = 0; i < 100; ++i) text += "2,some text\n";
  for (int64_t batch_bytes : {1, 16, 100}) {
    settings.batch_bytes = batch_bytes;
    ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadAside(text, settings));
    EXPECT_EQ(outcome.rejects,
              (std::vector<std::string>{
                  "2@4 - unclosed_quote (a quote is opened at byte 6 and never closed) [1,\"x]"}));
    EXPECT_EQ(outcome.rows.size(), 100U);
  }
}

TEST(CsvRejects, MoreThanOneRangeCanTell) {
  ReadSettings settings = Typed();
  std::string text = "a,b,c\n";
  for (int i = 0; i < 10'000; ++i)
    text += i % 3 == 0 ? "x,y,1\n" : i % 3 == 1 ? "5,y\n" : "6,y,z\n";
  text += "7,y,2\n";
  ASSERT_OK_AND_ASSIGN(const Outcome outcome, ReadAside(text, settings));
  EXPECT_EQ(outcome.rejects.size(), 10'000U);
  EXPECT_EQ(outcome.rows, (std::vector<std::vector<std::string>>{{"7", "[y]", "2"}}));
  ASSERT_EQ(outcome.order.size(), 10'001U);
  EXPECT_EQ(outcome.order.back(), "row");
}

// Several columns are bad more often than one range can tell, in turns: ranges end where they must
// and nothing is told twice or passed over.
TEST(CsvRejects, MoreThanOneRangeCanTellInSeveralColumns) {
  ReadSettings settings = Typed();
  settings.columns = {"c", "b", "a"};
  std::string text = "a,b,c\n";
  for (int i = 0; i < 20'000; ++i) {
    const bool is_short = i % 7 == 0;
    text += fmt::format("{}{},y{}\n", i % 2 == 0 ? "x" : "", i,
                        is_short     ? std::string()
                        : i % 3 == 0 ? ",z"
                                     : ",1.5");
  }
  ASSERT_OK_AND_ASSIGN(const Outcome whole, ReadAside(text, settings));
  EXPECT_EQ(whole.rows.size(), 5714U);
  EXPECT_EQ(whole.rejects.size(), 20'000U - whole.rows.size());
  EXPECT_EQ(whole.rejects[1], "4@19 a bad_value (int64: 'x2': not a whole number) [x2,y,1.5]");
  settings.batch_bytes = 100;
  ASSERT_OK_AND_ASSIGN(const Outcome cut, ReadAside(text, settings));
  EXPECT_EQ(cut.rejects, whole.rejects);
  EXPECT_EQ(cut.rows, whole.rows);
  EXPECT_EQ(cut.order, whole.order);
}

// Texts made of the pieces that quoting trips over.
std::string RandomText(std::mt19937_64* random) {
  constexpr const char* kPieces[] = {"a",  "1", ",",  ",", "\n", "\n",   "\"",   "\"", "\"\"",
                                     "\r", "x", "\\", "#", "é",  "\xff", "\"\n", ",\""};
  return WithRandomPieces("a,b\n", kPieces, 60, random);
}

// Failing tells of the first record that is put aside otherwise, and blocks change nothing.
TEST(CsvRejects, AgreeWithFailingOnAnyText) {
  const uint64_t seed = testing::TestSeed();
  for (int i = 0; i < 400; ++i) {
    std::mt19937_64 random(seed + static_cast<uint64_t>(i));
    const std::string text = RandomText(&random);
    ReadSettings settings = Plain();
    settings.csv.skip_rows = 0;
    settings.csv.types = {{"a", i % 2 == 0 ? "int64" : "string"}};
    if (i % 3 == 0) settings.csv.escape = '\\';
    if (i % 5 == 0) settings.csv.comment = '#';
    const std::string replay =
        fmt::format("seed {} text {}", seed + static_cast<uint64_t>(i), text);
    ASSERT_OK_AND_ASSIGN(const Outcome whole, ReadAside(text, settings));
    const Status failed = ReadText(text, settings).status();
    ASSERT_EQ(failed.ok(), whole.rejects.empty()) << replay << failed;
    for (int64_t batch_bytes : {1, 7, 64}) {
      settings.batch_bytes = batch_bytes;
      settings.chunk_rows = 1 + batch_bytes % 4;
      ASSERT_OK_AND_ASSIGN(const Outcome cut, ReadAside(text, settings));
      ASSERT_EQ(cut.rejects, whole.rejects) << replay;
      ASSERT_EQ(cut.rows, whole.rows) << replay;
      ASSERT_EQ(cut.order, whole.order) << replay;
      ASSERT_EQ(ReadText(text, settings).status().message(), failed.message()) << replay;
    }
  }
}

}  // namespace
}  // namespace headrace
