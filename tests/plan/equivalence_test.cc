// Random jobs give the same rows with and without the optimizer, and the optimizer never adds an
// error.
#include <arrow/compute/api.h>
#include <gtest/gtest.h>

#include <random>

#include "plan/plan_testing.h"

namespace headrace {
namespace {

using RecordBatchPtr = std::shared_ptr<arrow::RecordBatch>;

arrow::MemoryPool* Pool() { return arrow::system_memory_pool(); }

Result<RecordBatchPtr> RunFilter(const BoundFilter& filter, const RecordBatchPtr& batch) {
  ARROW_ASSIGN_OR_RAISE(auto keep, expr::Evaluate(*filter.predicate, *batch, Pool()));
  arrow::compute::ExecContext context(Pool());
  ARROW_ASSIGN_OR_RAISE(auto kept, arrow::compute::Filter(batch, keep, {}, &context));
  return kept.record_batch();
}

Result<RecordBatchPtr> RunProject(const BoundProject& project, const RecordBatchPtr& batch,
                                  const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector columns;
  for (const BoundColumn& column : project.columns) {
    if (column.input_index >= 0) {
      columns.push_back(batch->column(column.input_index));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                          expr::Evaluate(*column.expression, *batch, Pool()));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), columns);
}

Result<RecordBatchPtr> RunPlan(const LogicalPlan& plan, const RecordBatchPtr& input) {
  ARROW_ASSIGN_OR_RAISE(const BoundPlan bound, BindPlan(plan, input->schema()));
  arrow::ArrayVector columns;
  for (const auto& field : bound.source_schema->fields()) {
    columns.push_back(input->GetColumnByName(field->name()));
  }
  auto batch = arrow::RecordBatch::Make(bound.source_schema, input->num_rows(), columns);
  for (const BoundStep& step : bound.steps) {
    if (const auto* filter = std::get_if<BoundFilter>(&step.what)) {
      ARROW_ASSIGN_OR_RAISE(batch, RunFilter(*filter, batch));
    } else if (const auto* project = std::get_if<BoundProject>(&step.what)) {
      ARROW_ASSIGN_OR_RAISE(batch, RunProject(*project, batch, step.output_schema));
    } else {
      batch = batch->Slice(0, std::get<BoundLimit>(step.what).rows);
    }
  }
  return batch;
}

// Role: makes random jobs over integer columns a, b, c, d. Names stay within a small set, so that
// renames, drops and derivations meet each other. Many of the jobs are refused; the others are
// compared.
class JobMaker {
 public:
  explicit JobMaker(unsigned seed) : random_(seed) {}

  JobSpec Make() {
    std::vector<Step> steps;
    const int count = 1 + Below(6);
    for (int i = 0; i < count; ++i) steps.push_back(MakeStep());
    return Job(std::move(steps));
  }

  RecordBatchPtr MakeInput() {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const char* name : {"a", "b", "c", "d"}) {
      arrow::Int64Builder builder(Pool());
      for (int row = 0; row < 24; ++row) {
        EXPECT_TRUE((Below(6) == 0 ? builder.AppendNull() : builder.Append(Below(5))).ok());
      }
      fields.push_back(arrow::field(name, arrow::int64()));
      columns.push_back(builder.Finish().ValueOrDie());
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), 24, columns);
  }

 private:
  int Below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  std::string Name() { return std::string(1, static_cast<char>('a' + Below(6))); }

  std::string Number() {
    switch (Below(4)) {
      case 0:
        return Name() + " + " + std::to_string(Below(4));
      case 1:
        return Name() + " * " + Name();
      case 2:
        return Name() + " div " + Name();  // raises where the divisor is 0
      default:
        return Name();
    }
  }

  std::string Condition() {
    std::string text = Number() + (Below(2) ? " > " : " <> ") + std::to_string(Below(4));
    if (Below(2)) text += " AND " + Number() + " < " + std::to_string(1 + Below(6));
    return text;
  }

  Step MakeStep() {
    switch (Below(7)) {
      case 0:
      case 1:
        return Filter(Condition());
      case 2:
        return Derive({{Name(), Number()}, {Name(), Number()}});
      case 3:
        return Select({Name(), Name(), Name()});
      case 4:
        return Rename({{Name(), Name()}});
      case 5:
        return Below(2) ? Drop({Name()}) : FillNull({{Name(), std::to_string(Below(3))}});
      default:
        return Limit(Below(20));
    }
  }

  std::mt19937 random_;
};

TEST(Optimizer, KeepsTheRowsOfRandomJobs) {
  const char* given = std::getenv("HEADRACE_SEED");
  const unsigned seed = given ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
  SCOPED_TRACE(fmt::format("replay: HEADRACE_SEED={} test_plan --gtest_filter=*RandomJobs", seed));
  JobMaker maker(seed);
  int compared = 0;
  for (int round = 0; round < 3000; ++round) {
    const RecordBatchPtr input = maker.MakeInput();
    const JobSpec job = maker.Make();
    auto plain = BuildUnoptimizedPlan(job, input->schema()->field_names());
    if (!plain.ok()) continue;
    const auto expected = RunPlan(*plain, input);
    if (!expected.ok()) continue;
    auto optimized = BuildPlan(job, input->schema()->field_names());
    ASSERT_TRUE(optimized.ok()) << optimized.status().message();
    const auto actual = RunPlan(*optimized, input);
    const std::string plans = ExplainTree(*plain->root) + ExplainTree(*optimized->root);
    ASSERT_TRUE(actual.ok()) << plans << actual.status().message();
    ASSERT_TRUE((*actual)->Equals(**expected, true))
        << plans << (*expected)->ToString() << (*actual)->ToString();
    ++compared;
  }
  EXPECT_GT(compared, 300);
}

}  // namespace
}  // namespace headrace
