// The rows of docs/semantics.md that concern expressions, one table.
#include "expression_fixture.h"

namespace headrace::expr {
namespace {

struct Row {
  const char* expression;
  const char* expected;  // text of the value, "NULL", or "error" for a plan or run-time error
  const char* type = nullptr;
};

void Check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string actual = One(row.expression);
    if (std::string_view(row.expected) == "error") {
      EXPECT_THAT(actual, testing::StartsWith("error: ")) << row.expression;
    } else {
      EXPECT_EQ(actual, row.expected) << row.expression;
    }
    if (row.type) EXPECT_EQ(TypeOfText(row.expression), row.type) << row.expression;
  }
}

TEST(Semantics, Division) {
  Check({{"7/2", "3.5", "double"},
         {"7 div 2", "3", "int64"},
         {"-7 div 2", "-3"},
         {"7 div -2", "-3"},
         {"-7 % 3", "-1", "int32"},
         {"7 % -3", "1"},
         {"-7.5 % 2", "-1.5"},
         {"1/0", "error"},
         {"1 div 0", "error"},
         {"1 % 0", "error"},
         {"1e0/0e0", "error"},
         {"0e0/0e0", "error"},
         {"1.0/0", "error"},
         {"1e0 % 0e0", "error"},
         {"try_divide(1, 0)", "NULL", "double"},
         {"try_divide(1.0, 0)", "NULL"},
         {"try_divide(6, 4)", "1.5"},
         {"1.5e0 div 1", "error"},
         {"(-9223372036854775807 - 1) div -1", "error"},
         {"(-2147483648) % -1", "0"}});
}

TEST(Semantics, Overflow) {
  Check({{"2147483647 + 1", "error"},
         {"2147483647 * 2", "error"},
         {"-2147483648 - 1", "error"},
         {"2147483648 + 1", "2147483649", "int64"},
         {"9223372036854775807 + 1", "error"},
         {"- (-2147483648)", "error"},
         {"abs(-2147483648)", "error"},
         {"127::int8 + 1::int8", "error"},
         {"127::int8 + 1", "128", "int32"},
         {"18446744073709551615::uint64 + 1", "error"},
         {"0::uint64 + 1", "1", "uint64"},
         {"1::uint32 + 1::int32", "2", "int64"},
         {"1::uint64 + 1::int64", "2", "uint64"}});
}

TEST(Semantics, DecimalTypes) {
  Check({{"1.00::decimal(10,2) + 2.00::decimal(10,2)", "3.00", "decimal(11,2)"},
         {"1.00::decimal(10,2) * 2.00::decimal(10,2)", "2.0000", "decimal(21,4)"},
         {"1.00::decimal(10,2) / 3.00::decimal(10,2)", "0.3333333333333", "decimal(23,13)"},
         {"2.00::decimal(10,2) / 3.00::decimal(10,2)", "0.6666666666667"},
         {"-2.00::decimal(10,2) / 3.00::decimal(10,2)", "-0.6666666666667"},
         {"1.0::decimal(38,2) * 1.0::decimal(38,2)", "error"},
         {"1.0::decimal(18,2) * 1.0::decimal(18,2)", "1.0000", "decimal(37,4)"},
         {"1 - 0.05::decimal(15,2)", "0.95", "decimal(16,2)"},
         {"1.5 + 1e0", "2.5", "double"},
         {"1.5", "1.5", "decimal(2,1)"},
         {"0.05", "0.05", "decimal(2,2)"},
         {"12345678901234567890", "12345678901234567890", "decimal(20,0)"}});
}

TEST(Semantics, NarrowingCasts) {
  Check({{"2.345::decimal(4,2)", "2.35"},
         {"-2.345::decimal(4,2)", "-2.35"},
         {"2.344::decimal(4,2)", "2.34"},
         {"123.45::decimal(4,2)", "error"},
         {"TRY_CAST(123.45 AS decimal(4,2))", "NULL"},
         {"CAST(2.5 AS int)", "2"},
         {"CAST(3.5e0 AS int)", "3"},
         {"CAST(-3.9e0 AS int)", "-3"},
         {"CAST('nan'::double AS int)", "error"},
         {"CAST(1e10 AS int)", "error"},
         {"CAST(9223372036854775807e0 AS int64)", "error"},
         {"TRY_CAST(1e10 AS int)", "NULL"},
         {"CAST(300 AS int8)", "error"},
         {"TRY_CAST(300 AS int8)", "NULL"},
         {"CAST(-1 AS uint8)", "error"},
         {"CAST(7 AS uint8) % CAST(255 AS uint8)", "7"},
         {"CAST(7 AS uint64) % CAST(18446744073709551615 AS uint64)", "7"},
         {"CAST(-128 AS int8) % CAST(-1 AS int8)", "0"},
         {"CAST(2 AS boolean)", "true"},
         {"CAST(TRUE AS int)", "1"},
         {"CAST(0.1e0 AS decimal(20,18))", "0.100000000000000000"},
         {"CAST(1e300 AS decimal(38,0))", "error"},
         {"CAST(0.1 AS double)", "0.1"},
         {"CAST(12345678901234567890.12345 AS double)", "1.2345678901234567e+19"}});
}

TEST(Semantics, TextToNumbers) {
  Check({{"CAST('1.5' AS int)", "error"},
         {"CAST('1e3' AS int)", "error"},
         {"CAST('1_000' AS int)", "error"},
         {"CAST('' AS int)", "error"},
         {"CAST('+' AS int)", "error"},
         {"CAST('+-1' AS int)", "error"},
         {"CAST(' \t+12 ' AS int)", "12"},
         {"CAST('-12' AS int8)", "-12"},
         {"CAST('128' AS int8)", "error"},
         {"TRY_CAST('x' AS int)", "NULL"},
         {"CAST('18446744073709551615' AS uint64)", "18446744073709551615"},
         {"CAST('-1' AS uint64)", "error"},
         {"CAST('1d' AS double)", "error"},
         {"CAST('1.5f' AS double)", "error"},
         {"CAST('inf' AS double)", "inf"},
         {"CAST('-Infinity' AS double)", "-inf"},
         {"CAST('NaN' AS double)", "nan"},
         {"CAST('0x10' AS double)", "error"},
         {"CAST('1e400' AS double)", "inf"},
         {"CAST('2.005' AS decimal(6,2))", "2.01"},
         {"CAST('1e2' AS decimal(6,2))", "100.00"},
         {"CAST('12345.6' AS decimal(6,2))", "error"},
         {"CAST('.5' AS decimal(3,1))", "0.5"},
         {"CAST('.' AS decimal(3,1))", "error"}});
}

TEST(Semantics, TextAndBooleans) {
  for (const char* yes : {"t", "TRUE", "y", "Yes", "1", " true "}) {
    EXPECT_EQ(One(fmt::format("CAST('{}' AS bool)", yes)), "true") << yes;
  }
  for (const char* no : {"f", "False", "n", "NO", "0"})
    EXPECT_EQ(One(fmt::format("CAST('{}' AS bool)", no)), "false") << no;
  Check({{"CAST('on' AS bool)", "error"},
         {"CAST('2' AS bool)", "error"},
         {"CAST('' AS bool)", "error"}});
}

TEST(Semantics, NumbersToText) {
  Check({{"CAST(1e7 AS string)", "10000000.0"},
         {"CAST(1e16 AS string)", "1e+16"},
         {"CAST(0.1e0 AS string)", "0.1"},
         {"CAST(1e-5 AS string)", "1e-05"},
         {"CAST(3e0 AS string)", "3.0"},
         {"CAST(0.1e0::float AS string)", "0.1"},
         {"CAST(1.50 AS string)", "1.50"},
         {"CAST(-0.05 AS string)", "-0.05"},
         {"CAST(TRUE AS string)", "true"}});
}

TEST(Semantics, NanAndZero) {
  Check({{"'nan'::double = 'nan'::double", "true"},
         {"'nan'::double > 'inf'::double", "true"},
         {"'nan'::double < 1e0", "false"},
         {"1e0 < 'nan'::double", "true"},
         {"'nan'::double <= 'nan'::double", "true"},
         {"'nan'::double <> 'nan'::double", "false"},
         {"0e0 = -0e0", "true"},
         {"0e0 < -0e0", "false"},
         {"-0e0 IN (0e0)", "true"},
         {"'nan'::double IN (1e0, 'nan'::double)", "true"},
         {"'nan'::double BETWEEN 1e0 AND 2e0", "false"},
         {"greatest(1e0, 'nan'::double)", "nan"},
         {"least(1e0, 'nan'::double)", "1.0"},
         {"'nan'::float > 3e38::float", "true"},
         {"'nan'::double IS DISTINCT FROM 'nan'::double", "false"}});
}

TEST(Semantics, ThreeValuedLogic) {
  Check({{"NULL = NULL", "NULL"},
         {"NULL AND FALSE", "false"},
         {"NULL OR TRUE", "true"},
         {"NOT NULL", "NULL"},
         {"1 IN (2, NULL)", "NULL"},
         {"1 NOT IN (2, NULL)", "NULL"},
         {"1 IN (1, NULL)", "true"},
         {"NULL IN (1)", "NULL"},
         {"2 BETWEEN 3 AND NULL", "false"},
         {"2 BETWEEN 1 AND NULL", "NULL"},
         {"NULL + 1", "NULL", "int32"},
         {"CASE WHEN NULL THEN 1 ELSE 2 END", "2"},
         {"CASE NULL WHEN NULL THEN 1 ELSE 2 END", "2"},
         {"NULL IS NOT DISTINCT FROM NULL", "true"},
         {"(1 = 1) IS TRUE", "true"}});
}

TEST(Semantics, NoImplicitConversions) {
  Check({{"true = 1", "error"},
         {"'1' + 1", "error"},
         {"coalesce(1, 'a')", "error"},
         {"1 = '1'", "error"},
         {"CASE WHEN TRUE THEN 1 ELSE 'a' END", "error"},
         {"1 IN ('1')", "error"},
         {"concat('a', 1)", "error"},
         {"'a' || 1", "error"},
         {"TRUE + 1", "error"},
         {"NOT 1", "error"},
         {"1 AND TRUE", "error"},
         {"length(5)", "error"},
         {"TIMESTAMP '2024-01-01 00:00:00' = TIMESTAMPTZ '2024-01-01 00:00:00Z'", "error"},
         {"CAST(5 AS timestamp)", "error"},
         {"CAST(DATE '2024-01-01' AS int)", "error"}});
}

TEST(Semantics, Text) {
  Check({{"concat('a', NULL)", "NULL"},
         {"'a' || NULL", "NULL"},
         {"concat_ws(',', 'a', NULL, 'b')", "a,b"},
         {"concat_ws(NULL, 'a', 'b')", "NULL"},
         {"'a\\nb'", "a\\nb"},
         {"'it''s'", "it's"},
         {"'a_b' LIKE 'a\\_b'", "false"},
         {"'a\\xb' LIKE 'a\\_b'", "true"},
         {"'a_b' LIKE 'a!_b' ESCAPE '!'", "true"},
         {"'axb' LIKE 'a!_b' ESCAPE '!'", "false"},
         {"'äbc' LIKE '_bc'", "true"},
         {"'abcbc' LIKE '%bc'", "true"},
         {"'a\nb' LIKE 'a%b'", "true"},
         {"split_part('a,b,,c', ',', 2)", "b"},
         {"split_part('a,b,,c', ',', 3)", ""},
         {"split_part('a,b,,c', ',', 5)", ""},
         {"split_part('a,b,,c', ',', -1)", "c"},
         {"split_part('a,b,,c', ',', -4)", "a"},
         {"split_part('a,b,,c', ',', -5)", ""},
         {"split_part('abc', '', 1)", "abc"},
         {"split_part('abc', '', 2)", ""},
         {"split_part('abc', ',', 0)", "error"},
         {"'ÄB' ILIKE 'äb'", "true"},
         {"'axZZb' ILIKE 'aX%b' ESCAPE 'X'", "false"},
         {"'A%B' ILIKE 'aX%b' ESCAPE 'X'", "true"},
         {"'ax%b' ILIKE 'aXX%b' ESCAPE 'X'", "true"},
         {"'a' LIKE 'a!' ESCAPE '!'", "error"},
         {"substring('abc', 0, 1)", "error"},
         {"substring('abc', -1, 1)", "error"},
         {"substring('äbc', 2, 5)", "bc"},
         {"substring('abc', 9)", ""},
         {"left('abc', -1)", "error"},
         {"right('äbc', 2)", "bc"},
         {"length('äöü')", "3", "int32"},
         {"octet_length('äöü')", "6"},
         {"reverse('äb')", "bä"},
         {"upper('ßﬁ')", "SSFI"},
         {"lower('İ')", "i̇"},
         {"trim('\t a ')", "\t a"},
         {"trim('\u00a0a\u00a0')", "\u00a0a\u00a0"}});
}

TEST(Semantics, RegularExpressions) {
  Check({{"regexp_matches('abc', '(?=b)')", "error"},
         {"regexp_matches('abc', '(?<!b)c')", "error"},
         {"regexp_matches('aa', '(a)\\1')", "error"},
         {"regexp_matches('aa', 'a++')", "error"},
         {"regexp_matches('aa', '(')", "error"},
         {"regexp_matches('[(?=]', '[(?=]')", "true"},
         {"regexp_matches('٣', '\\d')", "false"},
         {"regexp_extract('a=12', '(?:x)?([a-z])=([0-9]+)', 2)", "12"},
         {"regexp_extract('a=12', '([a-z])=([0-9]+)', 0)", "a=12"},
         {"regexp_extract('none', '([0-9])', 1)", ""},
         {"regexp_extract(NULL, '([0-9])', 1)", "NULL"},
         {"regexp_extract('a', '(a)', 2)", "error"},
         {"regexp_replace('aXbX', 'X', '-')", "a-b-"},
         {"regexp_replace('ab', '(a)(b)', '$2$1')", "ba"},
         {"regexp_replace('a', 'a', '\\$1')", "$1"},
         {"regexp_replace('a', 'a', '$1')", "error"}});
}

TEST(Semantics, Dates) {
  Check({{"CAST('2024' AS date)", "error"},
         {"CAST('2024-1-05' AS date)", "error"},
         {"CAST('2024-02-30' AS date)", "error"},
         {"CAST(' 2024-02-29 ' AS date)", "2024-02-29"},
         {"CAST('2024-02-29 00:00:00' AS date)", "error"},
         {"DATE '0001-01-01' - 1", "error"},
         {"DATE '9999-12-31' + 1", "error"},
         {"CAST('0000-01-01' AS date)", "error"},
         {"DATE '2024-03-01' - DATE '2024-02-01'", "29", "int32"},
         {"day_of_week(DATE '2024-02-25')", "7"},
         {"DATE '2024-01-31' + INTERVAL 1 MONTH", "2024-02-29", "date"},
         {"DATE '2024-02-29' - INTERVAL 1 YEAR", "2023-02-28"},
         {"date_trunc('week', DATE '2024-02-29')", "2024-02-26", "date"},
         {"date_trunc('day', TIMESTAMP '2024-02-29 13:00:00')", "2024-02-29 00:00:00", "timestamp"},
         {"date_trunc('month', TIMESTAMP '1969-12-31 23:00:00')", "1969-12-01 00:00:00"},
         {"epoch(TIMESTAMP '1969-12-31 23:59:59.5')", "-1"},
         {"epoch_us(TIMESTAMP '1969-12-31 23:59:59.5')", "-500000"},
         {"parse_date('2024-2-9', 'yyyy-MM-dd')", "error"},
         {"parse_date('2024-2-9', 'yyyy-M-d')", "2024-02-09"},
         {"parse_date('x', 'YYYY')", "error"},
         {"format_date(TIMESTAMP '2024-02-09 01:02:03.045', 'yyyyMMdd''T''HH:mm:ss.SSS')",
          "20240209T01:02:03.045"},
         {"format_date(DATE '2024-02-09', 'd.M.yyyy')", "9.2.2024"},
         {"DATE '2024-01-01' < '2024-01-02'", "true"},
         {"DATE '2024-01-01' < 'soon'", "error"},
         {"week(DATE '2024-12-30')", "1"},
         {"DATE '2024-01-01' < TIMESTAMP '2024-01-01 00:00:01'", "true"}});
}

TEST(Semantics, Timestamps) {
  Check({{"CAST('2024-02-29 10:20' AS timestamp)", "2024-02-29 10:20:00"},
         {"CAST('2024-02-29T10:20:30.5' AS timestamp)", "2024-02-29 10:20:30.5"},
         {"CAST('2024-02-29 10:20:30.1234569' AS timestamp)", "2024-02-29 10:20:30.123456"},
         {"CAST('2024-02-29 24:00:00' AS timestamp)", "error"},
         {"CAST('2024-02-29 10:20:60' AS timestamp)", "error"},
         {"CAST('2024-02-29 10:20:30+02:00' AS timestamp)", "error"},
         {"CAST('2024-02-29 10:20:30Z' AS timestamp)", "error"},
         {"CAST('2024-02-29 10:20:30+02:00' AS timestamptz)", "2024-02-29 08:20:30"},
         {"CAST('2024-02-29 10:20:30Z' AS timestamptz)", "2024-02-29 10:20:30"},
         {"CAST('2024-02-29 10:20:30' AS timestamptz)", "2024-02-29 10:20:30"},
         {"CAST(TIMESTAMP '1969-12-31 23:00:00' AS date)", "1969-12-31"},
         {"CAST(TIME '10:20:30.000001' AS string)", "10:20:30.000001"}});
}

TEST(Semantics, Numbers) {
  Check({{"ln(0)", "NULL"},
         {"ln(-1)", "NULL"},
         {"sqrt(-1)", "nan"},
         {"round(2.5)", "3", "decimal(2,0)"},
         {"round(-2.5)", "-3"},
         {"round(2.5e0)", "3.0", "double"},
         {"round(2.675e0, 2)", "2.68"},
         {"round(1e300, 2)", "1e+300"},
         {"round(0.5e0)", "1.0"},
         {"round(0.05e0, 1)", "0.1"},
         {"round(-0.04e0, 1)", "-0.0"},
         {"round(1250, -2)", "1300", "int32"},
         {"round(2147483647, -1)", "error"},
         {"round(9.99, 1)", "10.0", "decimal(3,1)"},
         {"round(1234.5, -2)", "1200"},
         {"round(99999999999999999999999999999999999999., -1)", "error"},
         {"floor(-0.5)", "-1", "decimal(1,0)"},
         {"ceil(2.1e0)", "3", "int64"},
         {"floor('nan'::double)", "error"},
         {"floor(5)", "5", "int64"},
         {"power(2, 0.5)", "1.4142135623730951"}});
}

}  // namespace
}  // namespace headrace::expr
