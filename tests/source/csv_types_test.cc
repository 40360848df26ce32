// Type inference: the type changes, never a value.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "expr/value_text.h"
#include "source/csv/number_text.h"
#include "source/csv/structure_scan.h"
#include "source/csv/time_text.h"
#include "source/csv/type_guess.h"
#include "source/csv_reading.h"

namespace headrace {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string InferredType(const std::vector<std::string>& values) {
  TypeGuess guess;
  for (const std::string& value : values) {
    // The fast checks read before the text; a field always has padding there.
    const std::string padded =
        std::string(kTextPadding, '9') + value + std::string(kTextPadding, '9');
    const uint8_t* begin = reinterpret_cast<const uint8_t*>(padded.data()) + kTextPadding;
    guess.Observe(begin, begin + value.size());
  }
  return guess.Resolve()->ToString();
}

struct InferenceCase {
  std::vector<std::string> values;
  std::string type;
};

TEST(CsvTypes, InfersTheNarrowestLosslessType) {
  const std::string zone = "timestamp[us, tz=UTC]";
  const std::vector<InferenceCase> cases = {
      {{}, "string"},
      {{"1", "-2", "0"}, "int64"},
      {{"9223372036854775807", "-9223372036854775808"}, "int64"},
      {{"9223372036854775808"}, "decimal128(19, 0)"},
      {{"1", "12345678901234567890"}, "decimal128(20, 0)"},
      {{"12345678901234567890123456789012345678"}, "decimal128(38, 0)"},
      {{"123456789012345678901234567890123456789"}, "string"},
      {{"007"}, "string"},
      {{"1", "2", "007"}, "string"},
      {{"+5"}, "string"},
      {{" 5"}, "string"},
      {{"5 "}, "string"},
      {{"1,000"}, "string"},
      {{"-"}, "string"},
      {{"."}, "string"},
      {{"-0"}, "double"},
      {{"00.5"}, "string"},
      {{"1", "1.7"}, "double"},
      {{"1.", ".5", "-.5", "1e5", "1E-3", "0.1"}, "double"},
      {{"1e400"}, "string"},
      {{"1e-400"}, "string"},
      {{"0.10000000000000001"}, "double"},
      {{"0.30000000000000004"}, "double"},
      {{"0.12345678901234567"}, "decimal128(18, 17)"},  // the nearest double prints ...568
      {{"123456789012345.67"}, "double"},
      {{"9007199254740993", "0.5"}, "decimal128(17, 1)"},
      {{"1", "9007199254740993", "0.5"}, "decimal128(17, 1)"},
      {{"1", "9007199254740992", "0.5"}, "double"},
      {{"0.123456789012345678"}, "decimal128(19, 18)"},
      {{"1.50000000000000000000"}, "double"},
      {{"1234567890123456789.5", "0.25"}, "decimal128(21, 2)"},
      {{"1e5", "1234567890123456789.5"}, "string"},
      {{"nan", "1.5"}, "string"},
      {{"inf"}, "string"},
      {{"true", "FALSE", "True"}, "bool"},
      {{"true", "1"}, "string"},
      {{"t", "f"}, "string"},
      {{"2024-02-29", "0001-01-01", "9999-12-31"}, "date32[day]"},
      {{"2023-02-29"}, "string"},
      {{"0000-01-01"}, "string"},
      {{"2024-1-1"}, "string"},
      {{"2024-01-01", "2024-01-01 10:00:00"}, "timestamp[us]"},
      {{"2024-01-01T10:00", "2024-01-01 10:00:00.123456"}, "timestamp[us]"},
      {{"2024-01-01 10:00:00.1234567"}, "string"},
      {{"2024-01-01 10:00:00.123456000"}, "timestamp[us]"},
      {{"2024-01-01 24:00:00"}, "string"},
      {{"2024-01-01 23:59:60"}, "string"},
      {{"2024-01-01T10:00:00Z", "2024-01-01 10:00:00+02:00", "2024-01-01 10:00:00-0330"}, zone},
      {{"2024-01-01T10:00:00Z", "2024-01-01T10:00:00"}, "string"},
      {{"2024-01-01T10:00:00Z", "2024-01-01"}, "string"},
      {{"10:00:00", "23:59:59.5"}, "time64[us]"},
      {{"10:00"}, "string"},
      {{"10:00:00", "2024-01-01"}, "string"},
      {{"2024-01-01", "5"}, "string"},
  };
  for (const InferenceCase& one : cases) {
    EXPECT_EQ(InferredType(one.values), one.type) << ::testing::PrintToString(one.values);
    // The order of values must not matter.
    std::vector<std::string> reversed(one.values.rbegin(), one.values.rend());
    EXPECT_EQ(InferredType(reversed), one.type) << ::testing::PrintToString(reversed);
  }
}

TEST(CsvTypes, MergingBlocksIsTheSameAsOneBlock) {
  const std::vector<std::string> pool = {"1",
                                         "22",
                                         "-3",
                                         "1.5",
                                         "0.25",
                                         "007",
                                         "2024-01-01",
                                         "2024-01-01 10:00:00",
                                         "12345678901234567890",
                                         "true",
                                         "1e5",
                                         "9007199254740993",
                                         "10:00:00"};
  std::mt19937_64 random(11);
  for (int round = 0; round < 150; ++round) {
    std::string text = "a\n";
    const size_t kinds = 1 + random() % 3;
    const size_t first = random() % pool.size();
    for (int i = 0; i < 12; ++i) text += pool[(first + random() % kinds) % pool.size()] + "\n";
    ReadSettings whole;
    whole.csv.header = true;
    ReadSettings cut = whole;
    cut.batch_bytes = 1 + static_cast<int64_t>(random() % 40);
    cut.threads = 2;
    ASSERT_OK_AND_ASSIGN(auto one, ReadText(text, whole));
    ASSERT_OK_AND_ASSIGN(auto many, ReadText(text, cut));
    ASSERT_EQ(TypesOf(*one), TypesOf(*many)) << text;
    ASSERT_EQ(Cells(*one), Cells(*many)) << text;
  }
}

// Whatever was inferred must also be read, and every number must still be the one that was written.
TEST(CsvTypes, InferredTypesFitEveryValue) {
  const char* given = std::getenv("HEADRACE_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("replay: HEADRACE_TEST_SEED=" + std::to_string(seed) +
               " test_source --gtest_filter=CsvTypes.Inferred*");
  std::mt19937_64 random(seed);
  const std::vector<std::string> alphabets = {"0123456789", "0123456789.", "01-",
                                              "019.e-",     "0129:-T .Z+", "true"};
  int64_t typed = 0;
  for (int round = 0; round < 600; ++round) {
    std::vector<std::string> values;
    for (uint64_t n = 1 + random() % 3; n > 0; --n) {
      const std::string& alphabet = alphabets[random() % alphabets.size()];
      std::string value(1 + random() % 22, '0');
      for (char& c : value) c = alphabet[random() % alphabet.size()];
      if (random() % 4 == 0)
        value = "2024-0" + std::to_string(1 + random() % 9) + "-1" + std::to_string(random() % 9);
      if (random() % 8 == 0)
        value += " 12:0" + std::to_string(random() % 10) + ":59." + std::to_string(random() % 999);
      values.push_back(value);
    }
    std::string text = "a\n";
    for (const std::string& value : values) text += value + "\n";
    ReadSettings settings;
    settings.csv.header = true;
    settings.csv.delimiter = '|';
    ASSERT_OK_AND_ASSIGN(auto table, ReadText(text, settings));
    const auto& type = *table->schema()->field(0)->type();
    typed += type.id() != arrow::Type::STRING;
    const auto cells = Cells(*table);
    ASSERT_EQ(cells.size(), values.size()) << text;
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_NE(cells[i][0], "NULL") << text;
      if (type.id() == arrow::Type::INT64) {
        ASSERT_EQ(cells[i][0], values[i]) << text;
      }
      if (type.id() != arrow::Type::DOUBLE) continue;
      // Printed at the written precision the double gives the written digits back.
      std::string digits;
      for (const char c : values[i].substr(0, values[i].find('e'))) {
        if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
      }
      while (!digits.empty() && digits.back() == '0') digits.pop_back();
      if (digits.empty()) continue;
      char printed[64];
      std::snprintf(printed, sizeof(printed), "%.*e", static_cast<int>(digits.size()) - 1,
                    std::fabs(std::strtod(values[i].c_str(), nullptr)));
      std::string kept;
      for (const char* c = printed; *c != 'e'; ++c) {
        if (*c != '.') kept += *c;
      }
      ASSERT_EQ(kept, digits) << text;
    }
  }
  EXPECT_GT(typed, 60);
}

TEST(CsvTypes, ReadsGivenTypes) {
  ReadSettings settings;
  settings.csv.types = {{"i", "int32"},   {"d", "decimal(8,2)"}, {"f", "double"},
                        {"b", "boolean"}, {"t", "timestamp"},    {"z", "timestamptz"},
                        {"day", "date"},  {"s", "string"}};
  ASSERT_OK_AND_ASSIGN(
      auto table,
      ReadText("i,d,f,b,t,z,day,s\n"
               "007,1.5,1e3,YES,2024-01-01,2024-01-01T01:00:00+01:00,1969-12-31,007\n"
               "+5,-0.500,.5,0,1969-12-31 23:59:59.5,0001-01-01T00:00:00Z,0001-01-01,\"\"\n"
               "\"\",,,,,,,\n",
               settings));
  EXPECT_EQ(
      TypesOf(*table),
      "int32 decimal128(8, 2) double bool timestamp[us] timestamp[us, tz=UTC] date32[day] string");
  EXPECT_EQ(Cells(*table),
            (Rows{{"7", "1.50", "1000", "true", "2024-01-01 00:00:00.000000",
                   "2024-01-01 00:00:00.000000Z", "1969-12-31", "[007]"},
                  {"5", "-0.50", "0.5", "false", "1969-12-31 23:59:59.500000",
                   "0001-01-01 00:00:00.000000Z", "0001-01-01", "[]"},
                  {"NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL"}}));
}

// A field as the converters see it.
template <class Check>
void WithField(const std::string& value, const Check& check) {
  const std::string padded =
      std::string(kTextPadding, '7') + value + std::string(kTextPadding, '.');
  const uint8_t* begin = reinterpret_cast<const uint8_t*>(padded.data()) + kTextPadding;
  check(begin, begin + value.size());
}

TEST(CsvTypes, DoublesAreCorrectlyRounded) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200'000; ++round) {
    std::string text = round % 5 == 0 ? "-" : "";
    const int before = static_cast<int>(random() % 10), after = static_cast<int>(random() % 9);
    for (int i = 0; i < before; ++i) text += static_cast<char>('0' + random() % 10);
    if (random() % 4 != 0) text += '.';
    for (int i = 0; i < after; ++i) text += static_cast<char>('0' + random() % 10);
    WithField(text, [&](const uint8_t* begin, const uint8_t* end) {
      double fast;
      if (begin == end || !ParseShortDouble(begin, end, &fast)) return;
      ASSERT_EQ(fast, std::strtod(text.c_str(), nullptr)) << text;
    });
  }
}

TEST(CsvTypes, FastNumberPathsRefuseWhatIsNoNumber) {
  std::mt19937_64 random(6);
  const std::string alphabet = "0123456789.-+/: e";
  for (int round = 0; round < 300'000; ++round) {
    std::string text(random() % 20, '0');
    for (char& c : text) c = alphabet[random() % (round % 2 == 0 ? 11 : alphabet.size())];
    WithField(text, [&](const uint8_t* begin, const uint8_t* end) {
      const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
      const std::string digits = text.substr(sign ? 1 : 0);
      const bool whole =
          !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
      int64_t value = 0;
      const bool parsed = ParseInt64(begin, end, &value);
      errno = 0;
      const int64_t expected = whole ? std::strtoll(text.c_str(), nullptr, 10) : 0;
      ASSERT_EQ(parsed, whole && errno == 0 && digits.size() <= 19) << text;
      if (parsed) {
        ASSERT_EQ(value, expected) << text;
      }
      const auto dots = std::count(text.begin(), text.end(), '.');
      const bool plain = text.find_first_not_of("0123456789.") == std::string::npos && dots <= 1 &&
                         text.size() > static_cast<size_t>(dots) && text.size() <= 16;
      DecimalText decimal;
      ASSERT_EQ(ParseShortDecimal(begin, end, &decimal), plain) << text;
    });
  }
}

// What the short ways take, they read as the long ones do; what they leave is none of their forms.
TEST(CsvTypes, ShortNumberPathsAgreeWithTheLongOnes) {
  std::mt19937_64 random(8);
  constexpr std::string_view kBytes = "0123456789012345678901234567890123456789..-+ e\"";
  int taken = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text(1 + random() % 18, '0');
    for (char& c : text) c = kBytes[random() % (round % 2 == 0 ? 10 : kBytes.size())];
    const int scale = static_cast<int>(random() % 8);
    if (round % 4 == 0 && static_cast<size_t>(scale) < text.size())
      text[text.size() - 1 - static_cast<size_t>(scale)] = '.';
    const std::string padded = std::string(kTextPadding, '9') + text;
    const uint8_t* begin = reinterpret_cast<const uint8_t*>(padded.data()) + kTextPadding;
    const uint8_t* end = begin + text.size();
    int64_t value, whole;
    if (ParseShortInt(begin, end, &value)) {
      ASSERT_TRUE(ParseInt64(begin, end, &whole)) << text;
      ASSERT_EQ(value, whole) << text;
    } else {
      ASSERT_FALSE(text.size() <= 8 && text.find_first_not_of("0123456789") == text.npos) << text;
    }
    __int128 decimal;
    if (FixedScaleDecimal(scale).Parse(begin, end, &value)) {
      ++taken;
      ASSERT_EQ(ParseDecimal128(begin, end, 38, scale, &decimal), DecimalResult::kOk) << text;
      ASSERT_EQ(static_cast<__int128>(value), decimal) << text;
      ASSERT_EQ(text[text.size() - 1 - static_cast<size_t>(scale)], '.') << text;
    }
  }
  EXPECT_GT(taken, 10'000);
}

TEST(CsvTypes, EveryDayOfTheCalendar) {
  int32_t expected = -719162;
  for (int year = 1; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      const int days = month == 2
                           ? (IsLeapYear(static_cast<uint32_t>(year)) ? 29 : 28)
                           : (month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31);
      for (int day : {0, 1, days, days + 1}) {
        char text[16];
        std::snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
        int32_t value = 0;
        const bool valid = day >= 1 && day <= days;
        ASSERT_EQ(ParseDate10(reinterpret_cast<const uint8_t*>(text), &value), valid) << text;
        if (valid) ASSERT_EQ(value, expected + day - 1) << text;
      }
      expected += days;
    }
  }
  EXPECT_EQ(expected, 2932897);  // 10000-01-01
}

// Two parsers of one grammar: what CAST takes as a time with a zone, reading takes, and as the same
// moment.
TEST(CsvTypes, ZonesAreReadAsCastReadsThem) {
  int64_t taken = 0;
  for (const std::string moment :
       {"0001-01-01 00:00:00", "0001-01-01 18:00:00", "0001-01-02T12:00", "2024-02-29 12:30:00.5",
        "9999-12-31 05:59:59.999999", "9999-12-31 23:59:59"}) {
    std::vector<std::string> texts = {moment + "Z", moment + " Z"};
    for (int hours = 0; hours <= 25; ++hours) {
      for (int minutes : {0, 30, 59, 60}) {
        for (const char* form : {"+%02d", "-%02d", "+%02d%02d", "-%02d%02d", "+%02d:%02d",
                                 "-%02d:%02d", " +%02d:%02d"}) {
          char zone[32];
          std::snprintf(zone, sizeof(zone), form, hours, minutes);
          texts.push_back(moment + zone);
        }
      }
    }
    for (const std::string& text : texts) {
      const uint8_t* begin = reinterpret_cast<const uint8_t*>(text.data());
      int64_t micros = 0;
      const bool parsed = ParseTimestamp(begin, begin + text.size(), ZoneRule::kRequired, &micros);
      const auto cast = expr::ParseTimestampTz(text);
      ASSERT_EQ(parsed, cast.has_value()) << text;
      if (parsed) {
        ASSERT_EQ(micros, *cast) << text;
      }
      taken += parsed;
    }
  }
  EXPECT_GT(taken, 100);
}

TEST(CsvTypes, MomentsOutsideTheCalendarAreText) {
  for (const char* text : {"0001-01-01 00:00:00+10:00", "9999-12-31 23:59:59-10:00",
                           "2024-01-01 00:00:00+19:00", "2024-01-01 00:00:00+20:00"}) {
    EXPECT_EQ(InferredType({text}), "string") << text;
    ReadSettings settings;
    settings.csv.header = true;
    settings.csv.types = {{"a", "timestamptz"}};
    EXPECT_EQ(GetErrorCode(ReadText(std::string("a\n") + text + "\n", settings).status()), 401)
        << text;
  }
  EXPECT_EQ(InferredType({"0001-01-01 10:00:00+10:00", "2024-01-01 00:00:00+18:59"}),
            "timestamp[us, tz=UTC]");
}

// Seventeen digits and more are read by words that begin before the text; run with ASan.
TEST(CsvTypes, TextWithoutPaddingIsClassifiedWithinItsBounds) {
  for (const std::string digits : {"7", "12345678901234567", "1234567890123456789"}) {
    EXPECT_NE(ClassifyText(digits).possible & kInt64Bit, 0) << digits;
    ReadSettings settings;
    ASSERT_OK_AND_ASSIGN(auto table, ReadText(digits + ",1\n" + digits + ",2\n", settings));
    EXPECT_EQ(table->num_rows(), 2) << digits;  // no header
  }
  EXPECT_EQ(ClassifyText("").possible, 0);
  EXPECT_EQ(ClassifyText("x").possible, 0);
}

}  // namespace
}  // namespace headrace
