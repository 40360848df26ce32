// Parquet in, batches out: against the library's own whole-file reader, with damaged files and with
// little memory.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "source/parquet/parquet_scan.h"
#include "source/start_scan.h"
#include "support/arrow_kernels.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::shared_ptr<arrow::Schema> NestedSchema() {
  return arrow::schema({arrow::field("n", arrow::int64()), arrow::field("text", arrow::utf8()),
                        arrow::field("x", arrow::float64()), arrow::field("flag", arrow::boolean()),
                        arrow::field("list", arrow::list(arrow::int32())),
                        arrow::field("pair", arrow::struct_({arrow::field("a", arrow::utf8()),
                                                             arrow::field("b", arrow::int16())})),
                        arrow::field("kind", arrow::dictionary(arrow::int32(), arrow::utf8()))});
}

std::shared_ptr<arrow::Table> Numbers(int64_t rows) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(builder.Append(i).ok());
  return arrow::Table::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                            {builder.Finish().ValueOrDie()});
}

class ParquetScanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "headrace-parquet-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    context_.env = Env::Default();
    context_.pool = arrow::default_memory_pool();
    context_.cancellation = &cancellation_;
    context_.chunk_rows = 100;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static std::string Encode(const arrow::Table& table, int64_t row_group_rows) {
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    parquet::WriterProperties::Builder properties;
    properties.compression(parquet::Compression::SNAPPY)->data_pagesize(2048);
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();
    EXPECT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink,
                                           row_group_rows, properties.build(),
                                           arrow_properties.build())
                    .ok());
    return sink->Finish().ValueOrDie()->ToString();
  }

  std::string Put(const std::string& name, const std::string& content) {
    const auto path = std::filesystem::path(root_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }

  Result<std::unique_ptr<Scan>> Open(const std::vector<std::string>& paths) {
    ARROW_ASSIGN_OR_RAISE(auto files, ListInputs(context_.env, paths));
    std::vector<std::vector<HiveValue>> values;
    std::vector<std::string> names;
    for (const auto& file : files) {
      values.push_back(file.hive);
      names.push_back(file.path);
    }
    ARROW_ASSIGN_OR_RAISE(auto hive, TypeHiveColumns(values, names));
    return OpenParquetScan(std::move(files), std::move(hive), context_);
  }

  Result<std::shared_ptr<arrow::Table>> ReadAll(Scan* scan, const ScanRequest& request) {
    ARROW_ASSIGN_OR_RAISE(auto source, TypeAndStart(scan, request, context_.batch_bytes));
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (int64_t sequence = 0;; ++sequence) {
      ARROW_ASSIGN_OR_RAISE(auto morsel, source->Next());
      if (!morsel) break;
      EXPECT_EQ(morsel->sequence, sequence);
      ARROW_RETURN_NOT_OK(source->Read(std::move(morsel), [&](Batch batch) {
        EXPECT_LE(batch.rows(), context_.chunk_rows);
        EXPECT_TRUE(batch.columns->Validate().ok());
        batches.push_back(batch.columns);
        return Status::OK();
      }));
    }
    EXPECT_EQ(source->consumed_bytes(), source->total_bytes());
    return arrow::Table::FromRecordBatches(source->schema(), batches);
  }

  Result<std::shared_ptr<arrow::Table>> ReadFiles(const std::vector<std::string>& paths,
                                                  const ScanRequest& request = {}) {
    ARROW_ASSIGN_OR_RAISE(auto scan, Open(paths));
    return ReadAll(scan.get(), request);
  }

  static std::shared_ptr<arrow::Table> RandomTable(int64_t rows, std::mt19937_64& random) {
    return arrow::Table::FromRecordBatches(
               {testing::RandomBatch(NestedSchema(), rows, 0.2, random)})
        .ValueOrDie();
  }

  std::string root_;
  Cancellation cancellation_;
  ScanContext context_;
};

TEST_F(ParquetScanTest, ReadsWhatWasWrittenInSmallBatches) {
  std::mt19937_64 random(testing::TestSeed());
  const auto table = RandomTable(5000, random);
  const auto path = Put("a.parquet", Encode(*table, 1700));
  const auto read = ReadFiles({path}).ValueOrDie();
  ASSERT_EQ(read->num_rows(), 5000);
  for (int i = 0; i < table->num_columns() - 1; ++i) {
    EXPECT_TRUE(read->column(i)->Equals(*table->column(i),
                                        arrow::EqualOptions::Defaults().nans_equal(true)))
        << table->field(i)->ToString();
  }
  EXPECT_TRUE(read->column(6)->type()->Equals(arrow::utf8()));  // dictionaries come as plain values
  EXPECT_EQ(read->column(6)->null_count(), table->column(6)->null_count());
}

TEST_F(ParquetScanTest, ProjectionKeepsTheWantedOrder) {
  std::mt19937_64 random(testing::TestSeed());
  const auto table = RandomTable(300, random);
  const auto path = Put("a.parquet", Encode(*table, 100));
  ScanRequest request;
  request.all_columns = false;
  request.columns = {"pair", "n"};
  const auto read = ReadFiles({path}, request).ValueOrDie();
  EXPECT_EQ(read->schema()->field_names(), request.columns);
  EXPECT_TRUE(read->column(1)->Equals(*table->column(0)));
  request.columns = {};
  EXPECT_EQ(ReadFiles({path}, request)->get()->num_rows(),
            300);  // rows without columns, for counting
  request.columns = {"nn"};
  EXPECT_EQ(GetErrorKind(ReadFiles({path}, request).status()), ErrorKind::kInvalidPlan);
}

TEST_F(ParquetScanTest, HiveColumnsAndPruning) {
  for (int year : {2022, 2023, 2024}) {
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < 1000; ++i) ASSERT_TRUE(builder.Append(year * 10000 + i).ok());
    auto table = arrow::Table::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                                    {builder.Finish().ValueOrDie()});
    Put("d/year=" + std::to_string(year) + "/f.parquet", Encode(*table, 100));
  }
  auto scan = Open({root_ + "/d"}).ValueOrDie();
  EXPECT_THAT(scan->column_names(), ::testing::ElementsAre("n", "year"));
  EXPECT_EQ(scan->estimated_rows(), 3000);
  EXPECT_EQ(ReadAll(scan.get(), {})->get()->column(1)->GetScalar(2500).ValueOrDie()->ToString(),
            "2024");

  ScanRequest request;
  request.predicate = expr::Parse("year >= 2023 AND n < 20240150").ValueOrDie();
  scan = Open({root_ + "/d"}).ValueOrDie();
  EXPECT_EQ(ReadAll(scan.get(), request)->get()->num_rows(), 1000 + 200);
  EXPECT_THAT(scan->evidence().back(),
              AllOf(HasSubstr("12 of 30 row groups"), HasSubstr("1 files skipped")));
}

TEST_F(ParquetScanTest, NaNIsNotPrunedAway) {
  // NaN is greater than everything here, but writers leave it out of the statistics.
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues({1.0, std::nan(""), 2.0}).ok());
  auto table = arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}),
                                  {builder.Finish().ValueOrDie()});
  const auto path = Put("a.parquet", Encode(*table, 100));
  ScanRequest request;
  request.predicate = expr::Parse("x > 5e0").ValueOrDie();
  EXPECT_EQ(ReadFiles({path}, request)->get()->num_rows(), 3);
}

TEST_F(ParquetScanTest, FilesMustAgree) {
  auto file = [&](const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                  const std::string& column) {
    auto table = arrow::Table::Make(arrow::schema({arrow::field(column, type)}),
                                    {arrow::MakeArrayOfNull(type, 3).ValueOrDie()});
    return Put(name, Encode(*table, 10));
  };
  const auto a = file("a.parquet", arrow::int64(), "v");
  const auto b = file("b.parquet", arrow::utf8(), "v");
  const auto c = file("c.parquet", arrow::int64(), "w");
  EXPECT_THAT(ReadFiles({a, b}).status().message(),
              AllOf(HasSubstr("'v' is int64"), HasSubstr("b.parquet")));
  EXPECT_THAT(ReadFiles({a, c}).status().message(), HasSubstr("'v'"));
  EXPECT_EQ(GetErrorKind(ReadFiles({a, b}).status()), ErrorKind::kBadInput);
}

TEST_F(ParquetScanTest, LittleMemoryForALargeRowGroup) {
  arrow::StringBuilder builder;
  std::mt19937_64 random(testing::TestSeed());
  for (int i = 0; i < 400'000; ++i)
    ASSERT_TRUE(builder.Append(std::to_string(random()) + std::to_string(i)).ok());
  auto array = builder.Finish().ValueOrDie();
  auto table = arrow::Table::Make(arrow::schema({arrow::field("s", arrow::utf8())}), {array});
  const auto path = Put("a.parquet", Encode(*table, 400'000));
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  context_.pool = &pool;
  context_.chunk_rows = 50'000;
  context_.batch_bytes = 128 * 1024;
  auto scan = Open({path}).ValueOrDie();
  auto source = TypeAndStart(scan.get(), {}, context_.batch_bytes).ValueOrDie();
  int64_t rows = 0;
  const Status status = source->Read(source->Next().ValueOrDie(), [&](Batch batch) {
    rows += batch.rows();
    return Status::OK();
  });
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(rows, 400'000);
  EXPECT_LT(pool.max_memory(), 4 << 20);  // of 12 MB of text
  EXPECT_LE(pool.max_memory(), scan->needs(context_.batch_bytes).FloorBytes(1));
}

TEST_F(ParquetScanTest, StopEndsTheSource) {
  std::mt19937_64 random(testing::TestSeed());
  const auto path = Put("a.parquet", Encode(*RandomTable(1000, random), 100));
  auto scan = Open({path}).ValueOrDie();
  auto source = TypeAndStart(scan.get(), {}).ValueOrDie();
  ASSERT_TRUE(source->Next().ValueOrDie() != nullptr);
  source->Stop();
  EXPECT_TRUE(source->Next().ValueOrDie() == nullptr);
}

TEST_F(ParquetScanTest, FilesThatAreNone) {
  std::mt19937_64 random(testing::TestSeed());
  const std::string good = Encode(*RandomTable(50, random), 50);
  for (const auto& [content, text] : std::vector<std::pair<std::string, std::string>>{
           {"", "empty"},
           {"PAR1", "without its footer"},
           {"a,b\n1,2\n", "not a Parquet file"},
           {good.substr(0, good.size() - 1), "cut short"},
           {good.substr(0, good.size() - 8) + "\xff\xff\xff\x7fPAR1", "claims"},
           {"PARE" + good.substr(4), "encrypted"}}) {
    const Status status = ReadFiles({Put("bad.parquet", content)}).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kBadInput);
    EXPECT_THAT(status.message(), AllOf(HasSubstr(text), HasSubstr("bad.parquet")));
  }
}

TEST_F(ParquetScanTest, TextThatIsNotUtf8) {
  arrow::StringBuilder builder;
  for (int i = 0; i < 700; ++i)
    ASSERT_TRUE(builder.Append(i == 455 ? "caf\xe9" : "caf\xc3\xa9").ok());
  const auto texts = builder.Finish().ValueOrDie();
  const auto numbers = Numbers(700)->column(0)->chunk(0);
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("s", arrow::utf8()), arrow::field("n", arrow::int64())}),
      {texts, numbers});
  const auto path = Put("a.parquet", Encode(*table, 300));
  const Status status = ReadFiles({path}).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("a.parquet, row group 1, column 's', row 155 of"));
  ScanRequest request;
  request.all_columns = false;
  request.columns = {"n"};
  EXPECT_EQ(ReadFiles({path}, request).ValueOrDie()->num_rows(), 700);
}

TEST_F(ParquetScanTest, NeedsNobodyToCancel) {
  context_.cancellation = nullptr;
  EXPECT_EQ(ReadFiles({Put("a.parquet", Encode(*Numbers(10), 5))}).ValueOrDie()->num_rows(), 10);
}

// Whatever is overwritten or cut off: an error that names the file, or data, but never a crash, and
// never memory beyond the pool's.
TEST_F(ParquetScanTest, DamagedBytesAnywhere) {
  const uint64_t seed = testing::TestSeed();
  std::mt19937_64 random(seed);
  const std::string good = Encode(*RandomTable(400, random), 150);
  arrow::CappedMemoryPool capped(arrow::default_memory_pool(), 64 << 20);
  context_.pool = &capped;
  int failures = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bad = good;
    const bool in_footer = round % 2 == 0;
    const size_t from = in_footer ? bad.size() - std::min<size_t>(bad.size(), 3000) : 4;
    for (uint64_t i = 0; i <= random() % 4; ++i)
      bad[from + random() % (bad.size() - from)] = static_cast<char>(random());
    if (round % 10 == 9) bad.erase(4 + random() % 1000, random() % 500);
    const Status status = ReadFiles({Put("bad.parquet", bad)}).status();
    if (status.ok()) continue;
    ++failures;
    EXPECT_THAT(status.message(), HasSubstr("bad.parquet")) << "round " << round;
    EXPECT_TRUE(GetErrorKind(status) == ErrorKind::kBadInput ||
                GetErrorKind(status) == ErrorKind::kOutOfMemory)
        << status.ToString();
  }
  EXPECT_GT(failures, 50);
}

TEST_F(ParquetScanTest, CountsTheRowsThatWereRead) {
  const auto path = Put("a.parquet", Encode(*Numbers(1000), 1000));
  auto scan = Open({path}).ValueOrDie();
  auto source = TypeAndStart(scan.get(), {}, context_.batch_bytes).ValueOrDie();
  EXPECT_EQ(source->inputs().at(0).rows, 0);
  int64_t rows = 0;
  ASSERT_TRUE(source
                  ->Read(source->Next().ValueOrDie(),
                         [&](Batch batch) {
                           rows += batch.rows();
                           source->Stop();
                           return Status::OK();
                         })
                  .ok());
  EXPECT_GT(rows, 0);
  EXPECT_LT(rows, 1000);
  EXPECT_EQ(source->inputs().at(0).rows, rows);
}

TEST_F(ParquetScanTest, RowGroupsBeyondALimitAreNotPlanned) {
  const auto a = Put("a.parquet", Encode(*Numbers(1000), 100));
  const auto b = Put("b.parquet", Encode(*Numbers(1000), 100));
  ScanRequest request;
  for (const auto& [limit, rows] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 0}, {1, 100}, {100, 100}, {101, 200}, {1050, 1100}, {5000, 2000}}) {
    request.row_limit = limit;
    EXPECT_EQ(ReadFiles({a, b}, request).ValueOrDie()->num_rows(), rows) << limit;
  }
  // Rows that a predicate will drop do not count.
  request.row_limit = 1;
  request.predicate = expr::Parse("n >= 0").ValueOrDie();
  EXPECT_EQ(ReadFiles({a, b}, request).ValueOrDie()->num_rows(), 2000);
}

}  // namespace
}  // namespace headrace
