// What plans refuse, and what they make of steps.
#include <gmock/gmock.h>

#include "plan/plan_testing.h"

namespace headrace {
namespace {

using testing::HasSubstr;

TEST(Builder, UnknownColumnsNameTheNearestOne) {
  for (const Step& step :
       {Filter("fair > 1"), Derive({{"x", "fair + 1"}}), Select({"fair"}), Drop({"fair"}),
        Rename({{"fair", "x"}}), Cast({{"fair", "double"}}), FillNull({{"fair", "0"}})}) {
    EXPECT_THAT(MessageOf(Job({step})), HasSubstr("unknown column 'fair'"));
    EXPECT_THAT(MessageOf(Job({step})), HasSubstr("did you mean 'fare'?"));
  }
  EXPECT_THAT(MessageOf(Job({}, {"zon"})), HasSubstr("did you mean 'zone'?"));
}

TEST(Builder, PlaceStandsBeforeTheMessage) {
  Step step = Filter("fair > 1");
  step.where = "p.yaml:12:5";
  EXPECT_THAT(MessageOf(Job({step})), testing::StartsWith("p.yaml:12:5: filter: unknown column"));
}

TEST(Binder, PlaceStandsBeforeTheMessageOfAPushedFilter) {
  Step step = Filter("id = 'abc'");  // known to be wrong only once the columns have types
  step.where = "p.yaml:4:13";
  const auto plan = BuildPlan(Job({step}), SourceColumns());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  ASSERT_NE(plan->scan.predicate, nullptr);
  EXPECT_THAT(MessageOf(Job({step})), testing::StartsWith("p.yaml:4:13: filter: "));
}

TEST(Builder, NamesMatchWithoutCaseWhenUnique) {
  auto plan = BuildPlan(Job({Select({"FARE", "Id"})}), SourceColumns());
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->root->columns(), (std::vector<std::string>{"fare", "id"}));
  auto ambiguous = BuildPlan(Job({Select({"AB"})}), {"ab", "Ab"});
  EXPECT_THAT(ambiguous.status().message(), HasSubstr("ambiguous column 'AB'"));
}

TEST(Builder, Refusals) {
  EXPECT_THAT(MessageOf(Job({Select({})})), HasSubstr("no column is left"));
  EXPECT_THAT(MessageOf(Job({Drop(SourceColumns())})), HasSubstr("no column is left"));
  EXPECT_THAT(MessageOf(Job({Select({"id", "ID"})})), HasSubstr("'id' is named twice"));
  EXPECT_THAT(MessageOf(Job({Rename({{"id", "fare"}})})),
              HasSubstr("two columns would be called 'fare'"));
  EXPECT_THAT(MessageOf(Job({Rename({{"id", ""}})})), HasSubstr("a column name is empty"));
  EXPECT_THAT(MessageOf(Job({Limit(-1)})), HasSubstr("negative"));
  EXPECT_THAT(MessageOf(Job({Filter("fare + 1")})), HasSubstr("no boolean but"));
  EXPECT_THAT(MessageOf(Job({Cast({{"id", "intt"}})})), HasSubstr("id"));
  EXPECT_THAT(MessageOf(Job({FillNull({{"zone", "none"}})})), HasSubstr("must be a literal"));
  EXPECT_THAT(MessageOf(Job({FillNull({{"id", "'x'"}})})), HasSubstr("would change column 'id'"));
  EXPECT_THAT(MessageOf(Job({FillNull({{"id", "1.5"}})})), HasSubstr("would change column 'id'"));
  EXPECT_THAT(MessageOf(Job({FillNull({{"fare", "0.005"}})})),
              HasSubstr("would change column 'fare'"));
  EXPECT_FALSE(BuildPlan(Job({}), {"a", "a"}).ok());
  EXPECT_FALSE(BuildPlan(Job({}), {}).ok());
}

TEST(Builder, Outputs) {
  EXPECT_THAT(MessageOf(Job({}, {"distance"})), HasSubstr("makes no directory names"));
  EXPECT_THAT(MessageOf(Job({Rename({{"zone", "_zone"}})}, {"_zone"})),
              HasSubstr("begin with '_'"));
  EXPECT_THAT(MessageOf(Job({}, SourceColumns())), HasSubstr("every column is a partition column"));
  EXPECT_THAT(MessageOf(Job({}, {"zone", "zone"})), HasSubstr("named twice"));
}

TEST(Builder, RenameSwapsNames) {
  auto plan = BuildPlan(Job({Rename({{"id", "fare"}, {"fare", "id"}})}), SourceColumns());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  auto bound = BindPlan(*plan, SourceSchema());
  ASSERT_TRUE(bound.ok()) << bound.status().message();
  EXPECT_EQ(bound->output_schema->field(0)->name(), "fare");
  EXPECT_EQ(bound->output_schema->field(0)->type()->id(), arrow::Type::INT64);
}

TEST(Builder, LaterDerivedColumnsSeeEarlierOnes) {
  auto plan =
      BuildPlan(Job({Derive({{"a", "id + 1"}, {"b", "a + 1"}, {"a", "b + 1"}, {"id", "a"}})}),
                SourceColumns());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->root->columns(),
            (std::vector<std::string>{"id", "fare", "distance", "day", "zone", "a", "b"}));
  EXPECT_TRUE(BindPlan(*plan, SourceSchema()).ok());
}

TEST(Binder, FillNullKeepsTheType) {
  auto plan = BuildPlan(Job({FillNull({{"id", "0"},
                                       {"fare", "0"},
                                       {"distance", "1.5"},
                                       {"zone", "'none'"},
                                       {"day", "DATE '1970-01-01'"}})}),
                        SourceColumns());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  auto bound = BindPlan(*plan, SourceSchema());
  ASSERT_TRUE(bound.ok()) << bound.status().message();
  EXPECT_TRUE(bound->output_schema->Equals(*SourceSchema())) << bound->output_schema->ToString();
}

TEST(Binder, TypesPartitionsAndScan) {
  auto plan = BuildPlan(
      Job({Derive({{"year", "year(day)"}}), Filter("id > 1"), Select({"zone", "year"})}, {"YEAR"}),
      SourceColumns());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->scan.columns, (std::vector<std::string>{"id", "day", "zone"}));
  EXPECT_FALSE(plan->scan.all_columns);
  auto bound = BindPlan(*plan, SourceSchema());
  ASSERT_TRUE(bound.ok()) << bound.status().message();
  EXPECT_EQ(bound->partition_columns, std::vector<std::vector<int>>{{1}});
  EXPECT_EQ(bound->source_schema->num_fields(), 3);
}

}  // namespace
}  // namespace headrace
