// Type text, common types, casts of whole columns, binding.
#include "expr/types.h"

#include "expression_fixture.h"

namespace headrace::expr {
namespace {

using testing::HasSubstr;

TEST(TypeText, RoundTripsAndTakesManyNames) {
  for (const char* name : {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
                           "uint64", "float", "double", "decimal(12,2)", "string", "binary", "date",
                           "timestamp", "timestamptz", "time"}) {
    EXPECT_EQ(TypeText(**ParseType(name)), name);
  }
  const std::pair<const char*, const char*> kOthers[] = {{"INTEGER", "int32"},
                                                         {"bigint", "int64"},
                                                         {"varchar", "string"},
                                                         {"str", "string"},
                                                         {"i64", "int64"},
                                                         {"Date32", "date"},
                                                         {"timestamp[us]", "timestamp"},
                                                         {"decimal( 9 , 3 )", "decimal(9,3)"},
                                                         {"numeric(5)", "decimal(5,0)"},
                                                         {"boolean", "bool"},
                                                         {"timestamp[us, tz=UTC]", "timestamptz"},
                                                         {"double precision", "double"},
                                                         {" f32 ", "float"}};
  for (const auto& [text, name] : kOthers) {
    auto type = ParseType(text);
    ASSERT_TRUE(type.ok()) << text;
    EXPECT_EQ(TypeText(**type), name);
  }
  for (const char* bad : {"decimal(39,2)", "decimal(2,3)", "decimal(0)", "decimal(1,",
                          "varchar(10)", "", "intt", "list"}) {
    EXPECT_EQ(GetErrorKind(ParseType(bad).status()), ErrorKind::kInvalidPlan) << bad;
  }
}

TEST(CommonType, MeetsWhereEveryValueFits) {
  const auto common = [](const char* a, const char* b) {
    const auto type = CommonType(*ParseType(a), *ParseType(b));
    return type ? TypeText(*type) : std::string("none");
  };
  EXPECT_EQ(common("int8", "int32"), "int32");
  EXPECT_EQ(common("uint8", "int8"), "int16");
  EXPECT_EQ(common("uint32", "int8"), "int64");
  EXPECT_EQ(common("uint64", "int8"), "decimal(20,0)");
  EXPECT_EQ(common("int32", "decimal(5,2)"), "decimal(12,2)");
  EXPECT_EQ(common("float", "int8"), "double");
  EXPECT_EQ(common("float", "float"), "float");
  EXPECT_EQ(common("decimal(38,0)", "decimal(38,10)"), "none");
  EXPECT_EQ(common("string", "int32"), "none");
  EXPECT_EQ(common("date", "timestamp"), "timestamp");
  EXPECT_EQ(common("timestamp", "timestamptz"), "none");
}

TEST(CastColumn, NamesTheValueThatFails) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.AppendValues({"1", "2", "x7", "4"}).ok());
  const Status status =
      CastColumn(*builder.Finish(), arrow::int64(), arrow::default_memory_pool()).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("value = 'x7'"));
  EXPECT_FALSE(CheckCast(*arrow::date32(), *arrow::int64()).ok());
  EXPECT_TRUE(CheckCast(*arrow::large_utf8(), *arrow::int64()).ok());
}

TEST(Bind, OtherLayoutsAreReadAsOurTypes) {
  arrow::LargeStringBuilder text;
  arrow::TimestampBuilder nanos(arrow::timestamp(arrow::TimeUnit::NANO),
                                arrow::default_memory_pool());
  ASSERT_TRUE(text.AppendValues({"head", "race"}).ok() && nanos.AppendValues({1'999, -1}).ok());
  auto schema =
      arrow::schema({arrow::field("s", arrow::large_utf8()), arrow::field("t", nanos.type())});
  auto batch = arrow::RecordBatch::Make(schema, 2, {*text.Finish(), *nanos.Finish()});
  EXPECT_THAT(Texts("upper(s)", *batch), testing::ElementsAre("HEAD", "RACE"));
  EXPECT_THAT(Texts("epoch_us(t)", *batch).front(), "1");
}

TEST(Bind, ColumnNames) {
  auto schema =
      arrow::schema({arrow::field("Name", arrow::utf8()), arrow::field("id", arrow::int64()),
                     arrow::field("ID", arrow::int64()), arrow::field("twice", arrow::int64()),
                     arrow::field("twice", arrow::int64())});
  EXPECT_TRUE(Bind(*Parse("name"), *schema).ok());
  EXPECT_TRUE(Bind(*Parse("id"), *schema).ok());
  EXPECT_THAT(Bind(*Parse("Id"), *schema).status().message(), HasSubstr("could be several"));
  EXPECT_THAT(Bind(*Parse("twice"), *schema).status().message(), HasSubstr("2 times"));
  EXPECT_THAT(Bind(*Parse("nmae"), *schema).status().message(), HasSubstr("did you mean 'Name'?"));
  EXPECT_THAT(Bind(*Parse("qqqqqq"), *schema).status().message(), HasSubstr("there are Name, id"));
  EXPECT_THAT(Bind(*Parse("lenght(name)"), *schema).status().message(),
              HasSubstr("did you mean 'length'?"));
  EXPECT_THAT(Bind(*Parse("left(name)"), *schema).status().message(),
              HasSubstr("takes 2 arguments, not 1"));
  EXPECT_THAT(Bind(*Parse("sum(id)"), *schema).status().message(), HasSubstr("is an aggregate"));
  EXPECT_THAT(Bind(*Parse("year(id)"), *schema).status().message(),
              HasSubstr("must be a date or timestamp, not int64"));
}

// What is large is left to the run, whose pool is charged and may refuse.
TEST(Bind, FoldsOnlySmallConstants) {
  auto schema = arrow::schema(arrow::FieldVector{});
  auto large =
      Bind(*Parse("length(concat(repeat('a', 30000000), repeat('b', 30000000)))"), *schema);
  ASSERT_TRUE(large.ok()) << large.status().message();
  arrow::ProxyMemoryPool pool(arrow::system_memory_pool());
  auto one = arrow::RecordBatch::Make(schema, 1, arrow::ArrayVector{});
  EXPECT_TRUE(Evaluate(**large, *one, &pool).ok());
  EXPECT_GT(pool.max_memory(), 50'000'000);
  // Folded text outlives the pool it was computed in.
  auto text = Bind(*Parse("upper(concat('a', repeat('b', 100)))"), *schema);
  ASSERT_TRUE(text.ok());
  auto values = Evaluate(**text, *one, &pool).ValueOrDie();
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*values).GetString(0),
            "A" + std::string(100, 'B'));
}

TEST(Evaluate, AFilterStopsAtTheFirstTermThatIsNotTrue) {
  auto schema =
      arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::int64())});
  arrow::Int64Builder a, b;
  ASSERT_TRUE(a.AppendNull().ok() && a.AppendValues({1, 9}).ok());
  ASSERT_TRUE(b.AppendValues({0, 0, 2}).ok());
  auto batch = arrow::RecordBatch::Make(schema, 3, {*a.Finish(), *b.Finish()});
  for (const char* text : {"a > 5 AND 1 % b >= 0", "(b >= 0 AND a > 5) AND 1 % b >= 0"}) {
    auto bound = Bind(*Parse(text), *schema);
    ASSERT_TRUE(bound.ok()) << bound.status().message();
    EXPECT_FALSE(Evaluate(**bound, *batch, arrow::default_memory_pool()).ok())
        << "as a value NULL AND x needs x";
    auto kept = EvaluateFilter(**bound, *batch, arrow::default_memory_pool());
    ASSERT_TRUE(kept.ok()) << text << ": " << kept.status().message();
    EXPECT_EQ(static_cast<const arrow::BooleanArray&>(**kept).true_count(), 1);
  }
}

TEST(Evaluate, TakesEveryByteFromThePoolGiven) {
  // Not the default pool's allocator, whatever that is here: its counters are what is looked at.
  std::unique_ptr<arrow::MemoryPool> pool_owner = arrow::MemoryPool::CreateDefault();
  arrow::MemoryPool& pool = *pool_owner;
  arrow::DoubleBuilder x(&pool);
  arrow::StringBuilder s(&pool);
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(x.Append(i % 7).ok() && s.Append(fmt::format("row {}", i)).ok());
  }
  auto schema =
      arrow::schema({arrow::field("x", arrow::float64()), arrow::field("s", arrow::utf8())});
  auto batch = arrow::RecordBatch::Make(schema, 20'000, {*x.Finish(), *s.Finish()});
  for (const char* text :
       {"CASE WHEN x <> 0 THEN 1 / x ELSE x * 2 END", "upper(s) || '!' LIKE 'ROW 1%'",
        "x IN (1, 2) AND length(s) > 5", "coalesce(nullif(x, 3), 1 / (x - 2))",
        "regexp_extract(s, '([0-9]+)', 1)::int64 % 5", "greatest(x, 2.5e0)", "concat_ws('-', s, s)",
        "CAST(x AS decimal(10,2)) * 1.5", "if(x > 2, s, lpad(s, 20, '*'))"}) {
    auto bound = Bind(*Parse(text), *schema);
    ASSERT_TRUE(bound.ok()) << bound.status().message();
    const int64_t before = arrow::default_memory_pool()->total_bytes_allocated();
    auto out = Evaluate(**bound, *batch, &pool);
    ASSERT_TRUE(out.ok()) << text << ": " << out.status().message();
    EXPECT_EQ(arrow::default_memory_pool()->total_bytes_allocated(), before) << text;
  }
}

}  // namespace
}  // namespace headrace::expr
