// Every rule of the optimizer, before and after, as golden texts.
#include "plan/optimizer.h"
#include "plan/plan_testing.h"
#include "support/golden.h"

namespace headrace {
namespace {

using Rule = PlanNodePtr (*)(const PlanNodePtr&);

void ExpectRewrite(const std::string& name, Rule rule, const std::vector<JobSpec>& jobs) {
  std::string text;
  for (const JobSpec& job : jobs) {
    auto plan = BuildUnoptimizedPlan(job, SourceColumns());
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const PlanNodePtr after = rule(plan->root);
    text += "before\n" + ExplainTree(*plan->root) +
            (after == plan->root ? "unchanged\n" : "after\n" + ExplainTree(*after));
    text += "\n";
    EXPECT_EQ(ExplainTree(*plan->root),
              ExplainTree(*BuildUnoptimizedPlan(job, SourceColumns())->root))
        << "a rule must not touch its input";
  }
  ExpectGolden(__FILE__, "golden/" + name + ".txt", text);
}

TEST(Rules, PushFilterDown) {
  ExpectRewrite("push_filter_down", PushFilterDown,
                {Job({Derive({{"year", "year(day)"}}), Filter("fare > 1")}),
                 Job({Derive({{"year", "year(day)"}}), Filter("year = 2024")}),
                 // The leading part moves; the rest stays because an earlier part may guard it.
                 Job({Derive({{"d2", "distance * 2"}}), Filter("fare > 1 AND d2 <> 0 AND id > 3")}),
                 Job({Derive({{"d2", "distance * 2"}}), Filter("d2 <> 0 AND fare / id > 1")}),
                 Job({Rename({{"fare", "price"}, {"id", "fare"}}), Filter("price > fare")}),
                 Job({Derive({{"a", "id + 1"}}), Derive({{"b", "a + 1"}}),
                      Filter("zone = 'x' OR zone IS NULL")}),
                 Job({Limit(10), Filter("id > 1")})});
}

TEST(Rules, PushLimitDown) {
  ExpectRewrite("push_limit_down", PushLimitDown,
                {Job({Derive({{"a", "id + 1"}}), Limit(5)}), Job({Limit(5), Limit(3)}),
                 Job({Limit(3), Limit(5)}), Job({Limit(9), Select({"id"}), Limit(4)}),
                 Job({Filter("id > 1"), Limit(2)})});
}

TEST(Rules, MergeProjects) {
  ExpectRewrite("merge_projects", MergeProjects,
                {Job({Rename({{"id", "key"}}), Select({"key", "fare"})}),
                 Job({Derive({{"a", "id + 1"}}), Select({"a", "zone"})}),
                 Job({Rename({{"id", "key"}}), Derive({{"b", "key * 2"}})}),
                 // Computed twice, or computed inside another expression: they stay apart.
                 Job({Derive({{"a", "id + 1"}}), Derive({{"b", "a"}})}),
                 Job({Derive({{"a", "id + 1"}}), Derive({{"b", "a * 2"}})}),
                 Job({Rename({{"fare", "price"}}), FillNull({{"price", "0"}})}),
                 Job({Cast({{"id", "string"}}), FillNull({{"id", "'none'"}})})});
}

TEST(Rules, RemoveIdleProjects) {
  ExpectRewrite(
      "remove_idle_projects", RemoveIdleProjects,
      {Job({Select({"id", "fare", "distance", "day", "zone"})}),
       Job({Select({"fare", "id", "distance", "day", "zone"})}), Job({Rename({{"id", "id"}})})});
}

TEST(Rules, PruneColumns) {
  ExpectRewrite("prune_columns", PruneColumns,
                {Job({Filter("distance > 1"), Select({"id"})}),
                 Job({Derive({{"a", "id + 1"}, {"b", "fare * 2"}}), Select({"b"})}),
                 Job({Derive({{"one", "1"}}), Select({"one"})}), Job({Filter("id > 1")})});
}

TEST(Rules, PushIntoScan) {
  ExpectRewrite(
      "push_into_scan", PushIntoScan,
      {Job({Filter("id > 1"), Filter("zone = 'x'"), Derive({{"a", "id"}}), Filter("a > 2")}),
       Job({Limit(7), Filter("id > 1")}), Job({Filter("id > 1"), Limit(7)}),
       Job({Select({"id"})})});
}

TEST(Optimizer, WholePlans) {
  std::string text;
  for (const JobSpec& job :
       {Job({Derive({{"month", "date_trunc('month', day)"}}),
             Filter("fare >= 0 AND day > DATE '2024-01-01'"), Select({"id", "fare", "month"})},
            {"month"}),
        Job({Rename({{"fare", "price"}}), Filter("price > 1"), Drop({"zone"}), Limit(10)}),
        Job({Limit(3), Derive({{"a", "id + 1"}, {"b", "a + 1"}}), Select({"b"})}),
        Job({Cast({{"id", "string"}}), FillNull({{"zone", "'none'"}}),
             Filter("id LIKE '1%' AND fare > 2")})}) {
    auto plan = BuildPlan(job, SourceColumns());
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    auto bound = BindPlan(*plan, SourceSchema());
    ASSERT_TRUE(bound.ok()) << bound.status().message();
    text += ExplainPlan(
        *plan, *bound,
        {.estimated_rows = 1234567, .total_bytes = 5 << 20, .scan_evidence = {"2 files"}});
    for (const std::string& rule : plan->rules) text += "rule " + rule + "\n";
    text += "\n";
  }
  ExpectGolden(__FILE__, "golden/whole_plans.txt", text);
}

TEST(Optimizer, LongChainsStayWithinTheStack) {
  std::vector<Step> steps;
  for (int i = 0; i < 1000; ++i)
    steps.push_back(i % 2 ? Filter("id > 1") : Derive({{"a", "id + 1"}}));
  auto plan = BuildPlan(Job(steps), SourceColumns());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_TRUE(BindPlan(*plan, SourceSchema()).ok());
  steps.push_back(Limit(1));
  EXPECT_FALSE(BuildPlan(Job(steps), SourceColumns()).ok());
}

}  // namespace
}  // namespace headrace
