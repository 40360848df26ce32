// Text to tree and back, errors, and hostile input.
#include <random>

#include "expr/ast.h"
#include "expression_fixture.h"

namespace headrace::expr {
namespace {

using testing::HasSubstr;

std::string ParseError(std::string_view text) {
  auto tree = Parse(text);
  EXPECT_FALSE(tree.ok()) << text;
  EXPECT_EQ(GetErrorKind(tree.status()), ErrorKind::kInvalidPlan) << text;
  return tree.status().message();
}

const std::vector<std::string>& Samples() {
  static const std::vector<std::string> kSamples = {
      "1 + 2 * 3 - -4",
      "(1 + 2) * 3",
      "1 - (2 - 3)",
      "a AND b AND (c AND d) OR NOT e",
      "NOT (a OR b)",
      "NOT NOT a",
      "-(5)",
      "- -5",
      "-a * -b",
      "-9223372036854775808",
      "x NOT BETWEEN 1 AND 2 AND y IN (1, 2, NULL)",
      "a = b = c",
      "(a = b) IS NOT DISTINCT FROM (c < d)",
      "name LIKE '%it''s%' ESCAPE '!'",
      "\"odd \"\"name\" || `back ``tick`",
      "zones.id = id",
      "CASE WHEN a > 1 THEN 'x' ELSE NULL END",
      "CASE a + 1 WHEN 1 THEN 2 WHEN 3 THEN 4 END",
      "CAST(a AS decimal(12,2))::double",
      "TRY_CAST(s AS timestamptz)",
      "-1::int8",
      "d + INTERVAL 3 MONTH - INTERVAL '2 days'",
      "INTERVAL -1 DAY + d",
      "DATE '2024-02-29' >= \"date\"",
      "TIMESTAMP '2024-02-29 10:20:30.5'",
      "TIMESTAMPTZ '2024-02-29T10:20:30+02:00'",
      "TIME '10:00'",
      "1.50 + .5 + 1. + 1e3 - 1.5E-7 + 12345678901234567890",
      "position('a' IN s || 't')",
      "extract(year FROM d)",
      "7 div 2 % 3",
      "div(7, 2)",
      "coalesce(a, b, 1) IS NOT NULL",
      "if(a IS TRUE, b IS NOT FALSE, FALSE)",
      "größe > 5",
  };
  return kSamples;
}

TEST(Parser, TextRoundTrips) {
  for (const auto& text : Samples()) {
    auto tree = Parse(text);
    ASSERT_TRUE(tree.ok()) << text << ": " << tree.status().message();
    const std::string printed = ToText(**tree);
    auto again = Parse(printed);
    ASSERT_TRUE(again.ok()) << text << " -> " << printed << ": " << again.status().message();
    EXPECT_TRUE(SameTree(**tree, **again)) << text << " -> " << printed;
    EXPECT_EQ(ToText(**again), printed);
  }
}

TEST(Parser, PrintsFewParentheses) {
  EXPECT_EQ(ToText(**Parse("((a)) + (b * c) and (d or e)")), "a + b * c AND (d OR e)");
  EXPECT_EQ(ToText(**Parse("\"a\" + \"select me\"")), "a + \"select me\"");
}

TEST(Parser, ReferencedColumnsInOrder) {
  EXPECT_THAT(ReferencedColumns(**Parse("b + a * b - f(\"C c\", a)")),
              testing::ElementsAre("b", "a", "C c"));
}

TEST(Parser, ErrorsSayWhereAndWhat) {
  EXPECT_THAT(ParseError("1 +"), HasSubstr("expected a value, found the end at 4"));
  EXPECT_THAT(ParseError("a b"), HasSubstr("expected an operator or the end at 3: a >>>b<<<"));
  EXPECT_THAT(ParseError("f(a"), HasSubstr("expected ')'"));
  EXPECT_THAT(ParseError("'abc"), HasSubstr("quote never closed at 1: >>>'abc<<<"));
  EXPECT_THAT(ParseError("a == 1"), HasSubstr("equality is written ="));
  EXPECT_THAT(ParseError("1_000"), HasSubstr("malformed number"));
  EXPECT_THAT(ParseError("a -- b"), HasSubstr("- -x"));
  EXPECT_THAT(ParseError("DATE '2024-13-01'"), HasSubstr("not a date"));
  EXPECT_THAT(ParseError("CAST(a AS strin)"), HasSubstr("did you mean"));
  EXPECT_THAT(ParseError("CASE a END"), HasSubstr("expected WHEN"));
  EXPECT_THAT(ParseError("count(*)"), HasSubstr("aggregate"));
  EXPECT_THAT(ParseError("INTERVAL 3 FORTNIGHT"), HasSubstr("unknown unit"));
  EXPECT_THAT(ParseError(""), HasSubstr("empty expression"));
}

TEST(Parser, LimitsHoldAgainstHostileText) {
  const int kMany = 100'000;
  EXPECT_THAT(ParseError(std::string(kMany, '(')), HasSubstr("levels of nesting"));
  EXPECT_THAT(ParseError(std::string(kMany, '-') + "a"), HasSubstr("comments"));
  std::string minuses, sum = "a", nots, casts = "a", terms = "a = 0";
  for (int i = 0; i < 10'000; ++i) {
    minuses += "- ";
    sum += "+a";
    nots += "NOT ";
    casts += "::int";
    terms += " OR a = 1";
  }
  EXPECT_THAT(ParseError(minuses + "a"), HasSubstr("levels of operators"));
  EXPECT_THAT(ParseError(sum), HasSubstr("levels of operators"));
  EXPECT_THAT(ParseError(nots + "a"), HasSubstr("levels of operators"));
  EXPECT_THAT(ParseError(casts), HasSubstr("levels of operators"));
  EXPECT_THAT(ParseError(std::string(1 << 20, 'a')), HasSubstr("too long"));
  EXPECT_TRUE(Parse(terms).ok()) << "a chain of alternatives is wide, not deep";
}

// Random bytes, and samples with random edits: every text is either refused or round-trips.
TEST(Parser, FuzzNeverCrashesAndRoundTrips) {
  const char* given = std::getenv("HEADRACE_TEST_SEED");
  const uint64_t seed = given ? std::stoull(given) : std::random_device{}();
  SCOPED_TRACE(
      fmt::format("replay: HEADRACE_TEST_SEED={} test_expr --gtest_filter=Parser.Fuzz*", seed));
  std::mt19937_64 random(seed);
  const auto schema =
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("d", arrow::date32()), arrow::field("x", arrow::float64())});
  const std::string alphabet = "abdsx019 '\"`()+-*/%=<>.,:|!_\\\n\xc3\xa4%eEINOTANDCASE";
  int parsed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = Samples()[random() % Samples().size()];
    if (i % 4 == 0) text.assign(random() % 60, ' ');
    for (uint64_t edits = random() % 6 + (i % 4 == 0 ? 60 : 0); edits > 0; --edits) {
      const size_t at = text.empty() ? 0 : random() % text.size();
      const char c =
          random() % 20 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
      switch (random() % 4) {
        case 0:
          text.insert(text.begin() + at, c);
          break;
        case 1:
          if (!text.empty()) text.erase(at, random() % 4 + 1);
          break;
        case 2: {
          const std::string& other = Samples()[random() % Samples().size()];
          if (text.size() < 2000)
            text.insert(at, other.substr(random() % other.size(), random() % 12));
          break;
        }
        default:
          if (!text.empty()) text[at] = c;
      }
    }
    auto tree = Parse(text);
    if (!tree.ok()) {
      EXPECT_FALSE(tree.status().message().empty());
      EXPECT_EQ(FormatWithCaret(tree.status()).find('\0'), std::string::npos);
      continue;
    }
    ++parsed;
    const std::string printed = ToText(**tree);
    auto again = Parse(printed);
    ASSERT_TRUE(again.ok()) << text << " -> " << printed << ": " << again.status().message();
    ASSERT_TRUE(SameTree(**tree, **again)) << text << " -> " << printed;
    (void)Bind(*tree, *schema);
  }
  EXPECT_GT(parsed, 1000);
}

}  // namespace
}  // namespace headrace::expr
