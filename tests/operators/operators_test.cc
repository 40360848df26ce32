#include <arrow/builder.h>
#include <arrow/compute/initialize.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operators/filter.h"
#include "operators/limit.h"
#include "operators/project.h"

namespace headrace {
namespace {

class OperatorsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  void SetUp() override {
    schema_ = arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())});
    arrow::Int64Builder numbers;
    arrow::StringBuilder texts;
    ASSERT_TRUE(numbers.AppendValues({1, 2, 3}).ok() && numbers.AppendNull().ok() &&
                numbers.Append(5).ok());
    ASSERT_TRUE(texts.AppendValues({"a", "b", "c", "d", "e"}).ok());
    batch_ = {arrow::RecordBatch::Make(
        schema_, 5, {numbers.Finish().ValueOrDie(), texts.Finish().ValueOrDie()})};
  }
  expr::BoundExprPtr Bound(std::string_view text) {
    return expr::Bind(expr::Parse(text).ValueOrDie(), *schema_).ValueOrDie();
  }
  std::string Texts(const Batch& batch) {
    std::string joined;
    const auto column = batch.columns->GetColumnByName("s");
    for (int64_t row = 0; row < column->length(); ++row) {
      joined += static_cast<const arrow::StringArray&>(*column).GetString(row);
    }
    return joined;
  }

  std::shared_ptr<arrow::Schema> schema_;
  Batch batch_;
  arrow::MemoryPool* pool_ = arrow::default_memory_pool();
};

TEST_F(OperatorsTest, FilterKeepsTrueDropsFalseAndNull) {
  FilterTransform filter("filter", Bound("n <> 2"), schema_);
  EXPECT_EQ(Texts(filter.Apply(batch_, {}, pool_).ValueOrDie()), "ace");
  FilterTransform all("filter", Bound("s >= 'a'"), schema_);
  EXPECT_EQ(all.Apply(batch_, {}, pool_).ValueOrDie().columns.get(), batch_.columns.get());
  FilterTransform none("filter", Bound("s > 'z'"), schema_);
  EXPECT_EQ(none.Apply(batch_, {}, pool_).ValueOrDie().rows(), 0);
}

TEST_F(OperatorsTest, ProjectSharesReferencesAndEvaluatesTheRest) {
  auto out =
      arrow::schema({arrow::field("s", arrow::utf8()), arrow::field("double_n", arrow::int64())});
  std::vector<ProjectColumn> columns(2);
  columns[0].input_index = 1;
  columns[1].expression = Bound("n + n");
  ProjectTransform project("project", std::move(columns), out);
  const Batch result = project.Apply(batch_, {}, pool_).ValueOrDie();
  EXPECT_EQ(result.columns->column_data(0)->buffers[2], batch_.columns->column_data(1)->buffers[2]);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*result.columns->column(1)).Value(4), 10);
  EXPECT_TRUE(result.columns->column(1)->IsNull(3));
}

TEST_F(OperatorsTest, LimitCutsInsideABatchAndSaturates) {
  Cancellation cancellation;
  LimitTransform limit("limit", 7, schema_, &cancellation);
  EXPECT_EQ(limit.Apply(batch_, {0}, pool_).ValueOrDie().rows(), 5);
  ASSERT_TRUE(limit.EndMorsel(0).ok());
  EXPECT_FALSE(limit.saturated());
  EXPECT_EQ(Texts(limit.Apply(batch_, {1}, pool_).ValueOrDie()), "ab");
  EXPECT_TRUE(limit.saturated());
  ASSERT_TRUE(limit.EndMorsel(1).ok());
  EXPECT_EQ(limit.Apply(batch_, {2}, pool_).ValueOrDie().rows(), 0);
  ASSERT_TRUE(limit.EndMorsel(2).ok());
}

}  // namespace
}  // namespace headrace
