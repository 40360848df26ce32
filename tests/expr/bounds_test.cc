// Pruning by bounds: never wrong, and useful where it should be.
#include <random>

#include "expression_fixture.h"

namespace headrace::expr {
namespace {

const std::shared_ptr<arrow::Schema>& TestSchema() {
  static const auto kSchema = arrow::schema(
      {arrow::field("n", arrow::int64()), arrow::field("x", arrow::float64()),
       arrow::field("s", arrow::utf8()), arrow::field("d", arrow::date32()),
       arrow::field("m", arrow::decimal128(15, 2)), arrow::field("b", arrow::boolean())});
  return kSchema;
}

bool May(std::string_view text, const std::map<std::string, ColumnBounds>& known) {
  auto bound = Bind(*Parse(text), *TestSchema());
  EXPECT_TRUE(bound.ok()) << bound.status().message();
  return MayMatch(**bound, [&](const std::string& column) -> std::optional<ColumnBounds> {
    const auto found = known.find(column);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  });
}

ColumnBounds Between(std::shared_ptr<arrow::Scalar> min, std::shared_ptr<arrow::Scalar> max,
                     int64_t nulls = 0) {
  return {std::move(min), std::move(max), nulls, 10};
}

TEST(MayMatch, Numbers) {
  const std::map<std::string, ColumnBounds> known = {
      {"n", Between(arrow::MakeScalar(int64_t{10}), arrow::MakeScalar(int64_t{20}))}};
  for (const char* out : {"n < 10", "n > 20", "n = 21", "n <> n AND n > 30", "n BETWEEN 21 AND 30",
                          "n IN (1, 2, 30)", "NOT (n >= 10)", "n IS NULL", "n > 20 OR n < 10",
                          "n = NULL", "n > 20.5", "n < 9.5e0", "n > 25 AND x > 1", "25 < n",
                          "n NOT BETWEEN 10 AND 20", "FALSE", "n > 30 AND 1 div n = 1"}) {
    EXPECT_FALSE(May(out, known)) << out;
  }
  for (const char* in : {"n < 11", "n >= 20", "n = 15", "n <> 15", "n IN (1, 15)", "n IS NOT NULL",
                         "n + 1 > 30", "x > 1", "n > 20 OR x > 1", "n < 10.5",
                         "1 div n = 1 AND n > 30", "n > 30 OR 1 div n = 1"}) {
    EXPECT_TRUE(May(in, known)) << in;
  }
}

TEST(MayMatch, DatesDecimalsTextAndBooleans) {
  const std::map<std::string, ColumnBounds> known = {
      {"d", Between(*arrow::MakeScalar(arrow::date32(), 9000),
                    *arrow::MakeScalar(arrow::date32(), 9030))},
      {"s", Between(arrow::MakeScalar("b"), arrow::MakeScalar("d"))},
      {"b", Between(arrow::MakeScalar(false), arrow::MakeScalar(false))},
      {"m", Between(std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128(100),
                                                              arrow::decimal128(15, 2)),
                    std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128(200),
                                                              arrow::decimal128(15, 2)))}};
  for (const char* out :
       {"year(d) = 1995", "d >= '1995-01-01'", "date_trunc('month', d) > DATE '1994-09-22'",
        "s = 'a'", "s > 'd'", "s LIKE 'a%'", "s LIKE 'e_'", "b", "m > 2.001", "m < 1"}) {
    EXPECT_FALSE(May(out, known)) << out;
  }
  for (const char* in : {"year(d) = 1994", "s = 'c'", "s LIKE 'c%'", "s LIKE '%x'",
                         "s NOT LIKE 'a%'", "NOT b", "m = 1.5"})
    EXPECT_TRUE(May(in, known)) << in;
}

TEST(MayMatch, NanAndNullsAreNeverLost) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::map<std::string, ColumnBounds> plain = {
      {"x", Between(arrow::MakeScalar(1.0), arrow::MakeScalar(2.0))}};
  EXPECT_TRUE(May("x > 5e0", plain)) << "NaN is above every number and not in the bounds";
  EXPECT_FALSE(May("x < 1e0", plain));
  EXPECT_TRUE(May("x < 0e0", {{"x", Between(arrow::MakeScalar(nan), arrow::MakeScalar(nan))}}));
  const auto one = arrow::MakeScalar(int64_t{1});
  EXPECT_TRUE(May("n IS NULL", {{"n", Between(one, one, -1)}}));
  EXPECT_FALSE(May("n = 1", {{"n", Between(nullptr, nullptr, 10)}}));
  EXPECT_TRUE(May("n IS NULL", {{"n", Between(nullptr, nullptr, 10)}}));
  EXPECT_TRUE(May("n = 5", {{"n", Between(nullptr, nullptr, 0)}}));
  EXPECT_TRUE(
      May("n = 5", {{"n", Between(arrow::MakeScalar(int32_t{1}), arrow::MakeScalar(int32_t{1}))}}))
      << "bounds of another type are not used";
}

// Random rows, random predicates: what pruning drops holds no row the filter would keep.
TEST(MayMatch, AgreesWithTheFilter) {
  const char* given = std::getenv("HEADRACE_TEST_SEED");
  const uint64_t seed = given ? std::stoull(given) : std::random_device{}();
  SCOPED_TRACE(
      fmt::format("replay: HEADRACE_TEST_SEED={} test_expr --gtest_filter=MayMatch.Agrees*", seed));
  std::mt19937_64 random(seed);
  const auto term = [&]() -> std::string {
    const int64_t a = static_cast<int64_t>(random() % 12) - 1;
    const int64_t b = static_cast<int64_t>(random() % 12) - 1;
    const char* const comparisons[] = {"=", "<>", "<", "<=", ">", ">="};
    switch (random() % 7) {
      case 6:
        return fmt::format("TRY_CAST(n * 40 AS int8) {}",
                           random() % 2 ? "IS NULL" : fmt::format("< {}", 40 * a));
      case 0:
        return fmt::format("n BETWEEN {} AND {}", a, b);
      case 1:
        return fmt::format("n IN ({}, {}, NULL)", a, b);
      case 2:
        return random() % 2 ? "n IS NULL" : "n IS NOT NULL";
      case 3:
        return fmt::format("n IS DISTINCT FROM {}", a);
      case 4:
        return fmt::format("CAST(n AS double) {} {}.5e0", comparisons[random() % 6], a);
      default:
        return fmt::format("n {} {}", comparisons[random() % 6], a);
    }
  };
  int pruned = 0;
  for (int round = 0; round < 3000; ++round) {
    arrow::Int64Builder builder;
    int64_t min = 100, max = -100, nulls = 0;
    const int64_t rows = 1 + random() % 4;
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t value = random() % 10;
      if (random() % 4 == 0) {
        ASSERT_TRUE(builder.AppendNull().ok());
        ++nulls;
      } else {
        ASSERT_TRUE(builder.Append(value).ok());
        min = std::min(min, value);
        max = std::max(max, value);
      }
    }
    std::string predicate = term();
    for (uint64_t i = random() % 3; i > 0; --i) {
      predicate = fmt::format("{}({}) {} ({})", random() % 3 == 0 ? "NOT " : "", predicate,
                              random() % 2 ? "AND" : "OR", term());
    }
    ColumnBounds bounds{nullptr, nullptr, nulls, rows};
    if (nulls < rows) bounds = {arrow::MakeScalar(min), arrow::MakeScalar(max), nulls, rows};
    auto schema = arrow::schema({arrow::field("n", arrow::int64())});
    auto kept = expr::Run(predicate, *arrow::RecordBatch::Make(schema, rows, {*builder.Finish()}));
    ASSERT_TRUE(kept.ok()) << predicate << ": " << kept.status().message();
    if (!May(predicate, {{"n", bounds}})) {
      ++pruned;
      EXPECT_EQ(static_cast<const arrow::BooleanArray&>(**kept).true_count(), 0) << predicate;
    }
  }
  EXPECT_GT(pruned, 300);
}

}  // namespace
}  // namespace headrace::expr
