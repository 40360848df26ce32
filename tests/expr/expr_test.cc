// First look at the whole room; the areas have their own files.
#include "expression_fixture.h"

namespace headrace::expr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<arrow::RecordBatch> Numbers() {
  auto pool = arrow::default_memory_pool();
  arrow::Int64Builder n(pool), d(pool);
  EXPECT_TRUE(n.AppendValues({10, 7, 5, 0}).ok() && n.AppendNull().ok());
  EXPECT_TRUE(d.AppendValues({2, 0, 3, 1, 1}).ok());
  auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("d", arrow::int64())});
  return arrow::RecordBatch::Make(schema, 5, {*n.Finish(), *d.Finish()});
}

TEST(Expr, Arithmetic) {
  auto batch = Numbers();
  EXPECT_THAT(Texts("n + d * 2", *batch), ElementsAre("14", "7", "11", "2", "NULL"));
  EXPECT_THAT(Texts("n > 5 AND d <> 0", *batch),
              ElementsAre("true", "false", "false", "false", "NULL"));
  EXPECT_EQ(TypeOfText("1 + 1"), "int32");
  EXPECT_EQ(TypeOfText("1.5 * 2.25"), "decimal(6,3)");
}

TEST(Expr, BranchesNotTakenDoNotRaise) {
  auto batch = Numbers();
  EXPECT_THAT(Texts("CASE WHEN d <> 0 THEN n / d END", *batch),
              ElementsAre("5.0", "NULL", "1.6666666666666667", "0.0", "NULL"));
  EXPECT_THAT(Texts("d <> 0 AND n / d > 1", *batch),
              ElementsAre("true", "false", "true", "false", "NULL"));
  EXPECT_THAT(Texts("d = 0 OR n div d > 1", *batch),
              ElementsAre("true", "true", "false", "false", "NULL"));
  EXPECT_THAT(Texts("if(d = 0, -1, n div d)", *batch), ElementsAre("5", "-1", "1", "0", "NULL"));
  EXPECT_THAT(Texts("coalesce(nullif(d, 0), n div d)", *batch).front(),
              HasSubstr("error: division by zero"));
  EXPECT_THAT(Texts("coalesce(n, 1 div (d - 1))", *batch).front(),
              HasSubstr("error: division by zero"));
}

TEST(Expr, TheOperandOfCaseIsComputedOnce) {
  auto batch = Numbers();
  EXPECT_THAT(Texts("CASE n % 5 WHEN 0 THEN 'zero' WHEN 2 THEN 'two' ELSE 'other' END", *batch),
              ElementsAre("zero", "two", "zero", "zero", "other"));
  EXPECT_THAT(Texts("if(d = 0, 'none', CASE n div d WHEN 5 THEN 'five' END)", *batch),
              ElementsAre("five", "none", "NULL", "NULL", "NULL"));
  // Nested operands would double the work with every level.
  std::string nested = "n";
  for (int i = 0; i < 100; ++i)
    nested = "CASE " + nested + " WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE 3 END";
  EXPECT_EQ(Texts(nested, *batch).size(), 5);
}

TEST(Expr, RunTimeErrorsNameTheValues) {
  EXPECT_THAT(Texts("n / d", *Numbers()).front(),
              testing::StrEq("error: division by zero in n / d with n = 7.0, d = 0.0"));
}

TEST(Expr, PlanErrorsPointIntoTheText) {
  auto schema = arrow::schema({arrow::field("l_shipdate", arrow::date32())});
  auto tree = Parse("l_shipdat + 1");
  ASSERT_TRUE(tree.ok());
  const Status status = Bind(*tree, *schema).status();
  EXPECT_EQ(status.message(),
            "unknown column 'l_shipdat' at 1: >>>l_shipdat<<< + 1; did you mean 'l_shipdate'?");
  EXPECT_EQ(FormatWithCaret(status), FormatError(status) + "\n  l_shipdat + 1\n  ^^^^^^^^^");
}

}  // namespace
}  // namespace headrace::expr
