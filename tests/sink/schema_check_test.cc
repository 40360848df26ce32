// What may be added to a dataset that stands already.
#include "sink/schema_check.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SchemaCheckTest : public ::testing::Test {
 protected:
  SchemaCheck Make(const arrow::FieldVector& fields, std::vector<std::string> keys = {},
                   NewColumns new_columns = NewColumns::kRefused) {
    SinkOptions options;
    options.schema = arrow::schema(fields);
    options.partition_by = std::move(keys);
    return SchemaCheck::Make(options, new_columns, arrow::default_memory_pool()).ValueOrDie();
  }
  // The whole check against one file.
  Status Add(SchemaCheck check, const arrow::FieldVector& file) {
    ARROW_RETURN_NOT_OK(check.CheckColumns("old.parquet", *arrow::schema(file)));
    return check.CheckNewColumns();
  }

  const std::shared_ptr<arrow::Field> id_ = arrow::field("id", arrow::int64());
  const std::shared_ptr<arrow::Field> name_ = arrow::field("name", arrow::utf8());
  const std::shared_ptr<arrow::Field> fare_ = arrow::field("fare", arrow::float64());
};

TEST_F(SchemaCheckTest, ColumnsMatchByNameInAnyOrder) {
  EXPECT_TRUE(Add(Make({id_, name_}), {name_, id_}).ok());
}

TEST_F(SchemaCheckTest, WhatDiffersIsRefusedWithColumnTypesAndFile) {
  const Status missing = Add(Make({id_}), {id_, name_});
  EXPECT_EQ(GetErrorCode(missing), 652);
  EXPECT_EQ(GetErrorKind(missing), ErrorKind::kSink);
  EXPECT_THAT(missing.message(), AllOf(HasSubstr("'name' is string in old.parquet")));

  const Status other = Add(Make({id_, fare_}), {id_, fare_->WithType(arrow::decimal128(9, 2))});
  EXPECT_EQ(GetErrorCode(other), 653);
  EXPECT_THAT(other.message(), HasSubstr("'fare' is decimal128(9, 2) in old.parquet, double now"));

  const Status added = Add(Make({id_, fare_}), {id_});
  EXPECT_EQ(GetErrorCode(added), 654);
  EXPECT_THAT(added.message(), AllOf(HasSubstr("'fare' is double"), HasSubstr("--allow-new")));
}

TEST_F(SchemaCheckTest, TheNearestNameIsShown) {
  const auto other_case = arrow::field("Name", arrow::utf8());
  EXPECT_THAT(Add(Make({id_, other_case}), {id_, name_}).message(), HasSubstr("'Name'"));
}

TEST_F(SchemaCheckTest, NewColumnsAreAllowedOnRequestIfTheyTakeNull) {
  EXPECT_TRUE(Add(Make({id_, fare_}, {}, NewColumns::kAllowed), {id_}).ok());
  const auto required = fare_->WithNullable(false);
  EXPECT_EQ(GetErrorCode(Add(Make({id_, required}, {}, NewColumns::kAllowed), {id_})), 655);
  // Allowed is what is new; the rest stays as strict.
  EXPECT_EQ(GetErrorCode(Add(Make({fare_}, {}, NewColumns::kAllowed), {id_})), 652);
}

TEST_F(SchemaCheckTest, AColumnThatSomeFilesHoldIsNotNew) {
  SchemaCheck check = Make({id_, fare_});
  ASSERT_TRUE(check.CheckColumns("a.parquet", *arrow::schema({id_})).ok());
  ASSERT_TRUE(check.CheckColumns("b.parquet", *arrow::schema({fare_, id_})).ok());
  EXPECT_TRUE(check.CheckNewColumns().ok());
}

TEST_F(SchemaCheckTest, WhatLibrariesNoteBesideParquetDoesNotCount) {
  const auto berlin = arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin");
  const auto utc = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const arrow::FieldVector ours = {
      arrow::field("text", arrow::large_utf8()),
      arrow::field("kind", arrow::dictionary(arrow::int8(), arrow::utf8())),
      arrow::field("at", berlin)};
  EXPECT_TRUE(Add(Make(ours), {arrow::field("text", arrow::utf8()),
                               arrow::field("kind", arrow::utf8()), arrow::field("at", utc)})
                  .ok());
  // A point in time and a wall clock are different things.
  const auto local = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(GetErrorCode(Add(Make({arrow::field("at", local)}), {arrow::field("at", utc)})), 653);
  // So are two units: readers that take one file's schema would cut the other's values.
  const auto nano = arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
  EXPECT_EQ(GetErrorCode(Add(Make({arrow::field("at", nano)}), {arrow::field("at", utc)})), 653);
}

TEST_F(SchemaCheckTest, NullabilityIsNotedNotRefused) {
  SchemaCheck check = Make({id_});
  for (int i = 0; i < 2; ++i) {
    const auto file = arrow::schema({id_->WithNullable(false)});
    ASSERT_TRUE(check.CheckColumns("old.parquet", *file).ok());
  }
  EXPECT_THAT(check.notes(), ElementsAre(HasSubstr("'id' may hold NULL from now on")));
}

TEST_F(SchemaCheckTest, PartitionKeysAreTheSameInTheSameOrder) {
  const SchemaCheck by_two = Make({id_, name_, fare_}, {"name", "id"});
  EXPECT_TRUE(by_two.CheckKeys("f", {{"name", "x"}, {"id", "1"}}).ok());
  EXPECT_TRUE(by_two.CheckKeys("f", {{"name", std::nullopt}, {"id", std::nullopt}}).ok());
  const Status turned = by_two.CheckKeys("a/b.parquet", {{"id", "1"}, {"name", "x"}});
  EXPECT_EQ(GetErrorCode(turned), 650);
  EXPECT_THAT(turned.message(),
              HasSubstr("partitions by id, name in a/b.parquet, partitions by name, id now"));
  EXPECT_EQ(GetErrorCode(by_two.CheckKeys("f", {{"name", "x"}})), 650);
  EXPECT_THAT(by_two.CheckKeys("f", {}).message(), HasSubstr("no partitions in f"));
  EXPECT_EQ(GetErrorCode(Make({id_}).CheckKeys("f", {{"name", "x"}})), 650);
}

TEST_F(SchemaCheckTest, PartitionKeysKeepTheirType) {
  const SchemaCheck by_number = Make({id_, fare_}, {"id"});
  const Status text = by_number.CheckKeys("id=north/f", {{"id", "north"}});
  EXPECT_EQ(GetErrorCode(text), 651);
  EXPECT_THAT(text.message(), HasSubstr("'north' in id=north/f is no int64"));
  EXPECT_TRUE(by_number.CheckKeys("f", {{"id", "-5"}}).ok());
  EXPECT_EQ(GetErrorCode(by_number.CheckKeys("id=01/f", {{"id", "01"}})), 651);
  // Texts may look like anything.
  EXPECT_TRUE(Make({name_, fare_}, {"name"}).CheckKeys("f", {{"name", "2024"}}).ok());
}

TEST_F(SchemaCheckTest, AKeyThatOldFilesHoldAsWellIsTheDirectorys) {
  const SchemaCheck by_name = Make({id_, name_}, {"name"});
  EXPECT_TRUE(Add(by_name, {id_, arrow::field("name", arrow::int32())}).ok());
}

}  // namespace
}  // namespace headrace
