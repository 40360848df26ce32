// What pages and Bloom filters leave out is never a row that the filter wants: against reading all.
#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "source/parquet/parquet_scan.h"
#include "source/parquet/row_group_reader.h"
#include "source/start_scan.h"
#include "support/random_batch.h"

namespace headrace {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

const bool kKernels = arrow::compute::Initialize().ok();

struct Written {
  int64_t row_group_rows = 1 << 20;
  int64_t page_bytes = 400;
  bool dictionary = false;
  bool page_index = true;
  bool bloom_filters = false;
  parquet::ParquetDataPageVersion pages = parquet::ParquetDataPageVersion::V1;
};

class ParquetPruningTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "headrace-pruning-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = std::filesystem::path(pattern) / "a.parquet";
    context_.env = Env::Default();
    context_.pool = arrow::default_memory_pool();
    context_.chunk_rows = 100;
  }
  void TearDown() override { std::filesystem::remove_all(path_.parent_path()); }

  void Write(const arrow::Table& table, const Written& as) {
    parquet::WriterProperties::Builder properties;
    properties.compression(parquet::Compression::ZSTD)
        ->data_pagesize(as.page_bytes)
        ->write_batch_size(32)
        ->data_page_version(as.pages);
    if (!as.dictionary) properties.disable_dictionary();
    as.page_index ? properties.enable_write_page_index() : properties.disable_write_page_index();
    if (as.bloom_filters) {
      parquet::BloomFilterOptions options;
      options.ndv = 4096;
      for (const auto& name : {"k", "s"}) properties.enable_bloom_filter(name, options);
    }
    const auto out = arrow::io::FileOutputStream::Open(path_.string()).ValueOrDie();
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();
    ASSERT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out,
                                           as.row_group_rows, properties.build(),
                                           arrow_properties.build())
                    .ok());
    ASSERT_TRUE(out->Close().ok());
  }

  std::unique_ptr<Scan> Open() {
    return OpenParquetScan({{path_.string(), 0, {}}}, {}, context_).ValueOrDie();
  }

  std::shared_ptr<arrow::Table> ReadAll(Scan* scan, const ScanRequest& request) {
    auto source = TypeAndStart(scan, request, 4096).ValueOrDie();
    arrow::RecordBatchVector batches;
    while (auto morsel = source->Next().ValueOrDie()) {
      const Status status = source->Read(std::move(morsel), [&](Batch batch) {
        batches.push_back(batch.columns);
        return Status::OK();
      });
      EXPECT_TRUE(status.ok()) << status.ToString();
    }
    return arrow::Table::FromRecordBatches(source->schema(), batches).ValueOrDie();
  }

  // As the filter step does.
  static std::shared_ptr<arrow::Table> Filter(const std::shared_ptr<arrow::Table>& table,
                                              const expr::ExprPtr& predicate) {
    const auto bound = expr::Bind(predicate, *table->schema()).ValueOrDie();
    arrow::TableBatchReader reader(*table);
    arrow::RecordBatchVector kept;
    for (std::shared_ptr<arrow::RecordBatch> batch; reader.ReadNext(&batch).ok() && batch;) {
      const auto mask =
          expr::EvaluateFilter(*bound, *batch, arrow::default_memory_pool()).ValueOrDie();
      kept.push_back(arrow::compute::Filter(batch, mask).ValueOrDie().record_batch());
    }
    return arrow::Table::FromRecordBatches(table->schema(), kept).ValueOrDie();
  }

  std::filesystem::path path_;
  ScanContext context_;
};

// Numbers that mostly ascend, text and dates that go with them, and columns of other shapes.
std::shared_ptr<arrow::Table> MostlyAscending(int64_t rows, std::mt19937_64& random) {
  arrow::Int64Builder k;
  arrow::StringBuilder s;
  arrow::DoubleBuilder x;
  arrow::Date32Builder d;
  arrow::Int32Builder i;
  for (int64_t row = 0; row < rows; ++row) {
    const auto noisy = row + static_cast<int64_t>(random() % 20);
    const bool null = random() % 12 == 0 || (row / 200) % 9 == 4;
    const auto text = "v" + std::to_string(10000 + noisy);
    EXPECT_TRUE((null ? k.AppendNull() : k.Append(noisy)).ok());
    EXPECT_TRUE((random() % 9 == 0 ? s.AppendNull() : s.Append(text)).ok());
    EXPECT_TRUE(x.Append(random() % 50 == 0 ? std::nan("") : static_cast<double>(noisy) / 2).ok());
    EXPECT_TRUE(d.Append(static_cast<int32_t>(noisy / 8)).ok());
    EXPECT_TRUE(i.Append(static_cast<int32_t>(random() % 5)).ok());
  }
  const auto other = testing::RandomBatch(
      arrow::schema({arrow::field("list", arrow::list(arrow::utf8())),
                     arrow::field("pair", arrow::struct_({arrow::field("a", arrow::int64()),
                                                          arrow::field("b", arrow::utf8())})),
                     arrow::field("flag", arrow::boolean()),
                     arrow::field("kind", arrow::dictionary(arrow::int32(), arrow::utf8()))}),
      rows, 0.2, random);
  arrow::ArrayVector columns = {k.Finish().ValueOrDie(), s.Finish().ValueOrDie(),
                                x.Finish().ValueOrDie(), d.Finish().ValueOrDie(),
                                i.Finish().ValueOrDie()};
  columns.insert(columns.end(), other->columns().begin(), other->columns().end());
  arrow::FieldVector fields = {arrow::field("k", arrow::int64()), arrow::field("s", arrow::utf8()),
                               arrow::field("x", arrow::float64()),
                               arrow::field("d", arrow::date32()),
                               arrow::field("i", arrow::int32())};
  fields.insert(fields.end(), other->schema()->fields().begin(), other->schema()->fields().end());
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns));
}

Written RandomWay(std::mt19937_64& random) {
  return {random() % 2 == 0 ? 700 : 100'000,
          static_cast<int64_t>(100 + random() % 2000),
          random() % 2 == 0,
          random() % 4 != 0,
          random() % 2 == 0,
          random() % 2 == 0 ? parquet::ParquetDataPageVersion::V1
                            : parquet::ParquetDataPageVersion::V2};
}

std::string RandomPredicate(int64_t rows, std::mt19937_64& random) {
  const auto at = std::to_string(random() % static_cast<uint64_t>(rows + 100));
  const auto text = "'v" + std::to_string(10000 + random() % static_cast<uint64_t>(rows)) + "'";
  const std::vector<std::string> terms = {"k = " + at,
                                          "k IN (3, " + at + ", 999999)",
                                          "k BETWEEN " + at + " AND " + at + " + 30",
                                          "k IS NULL",
                                          "NOT (k > " + at + ")",
                                          "k <> " + at,
                                          "s = " + text,
                                          "s > " + text,
                                          "s LIKE " + text.substr(0, text.size() - 2) + "%'",
                                          "x > " + at,
                                          "x < " + at + " / 2",
                                          "d = DATE '1970-02-01'",
                                          "i = 3",
                                          "flag",
                                          "length(s) = 7",
                                          "1 div (k - k + 1) = 1"};
  std::string predicate = terms[random() % terms.size()];
  for (uint64_t more = random() % 3; more > 0; --more)
    predicate += (random() % 3 == 0 ? " OR " : " AND ") + terms[random() % terms.size()];
  return predicate;
}

TEST_F(ParquetPruningTest, NeverLeavesOutARowThatIsWanted) {
  std::mt19937_64 random(testing::TestSeed());
  int64_t read = 0;
  int64_t all = 0;
  for (int round = 0; round < 6; ++round) {
    const auto rows = static_cast<int64_t>(500 + random() % 1500);
    Write(*MostlyAscending(rows, random), RandomWay(random));
    const auto whole = ReadAll(Open().get(), {});
    ASSERT_EQ(whole->num_rows(), rows);
    for (int i = 0; i < 15; ++i) {
      const std::string text = RandomPredicate(rows, random);
      SCOPED_TRACE(fmt::format("round {}: {}", round, text));
      ScanRequest request;
      request.predicate = expr::Parse(text).ValueOrDie();
      const auto pruned = ReadAll(Open().get(), request);
      ASSERT_TRUE(pruned->ValidateFull().ok());
      const auto expected = Filter(whole, request.predicate);
      ASSERT_TRUE(Filter(pruned, request.predicate)
                      ->Equals(*expected, arrow::EqualOptions::Defaults().nans_equal(true)));
      read += pruned->num_rows();
      all += rows;
    }
  }
  EXPECT_LT(read, all * 19 / 20) << "hardly anything is pruned";
}

TEST_F(ParquetPruningTest, PagesAreLeftOutByTheirIndex) {
  std::mt19937_64 random(testing::TestSeed());
  Write(*MostlyAscending(3000, random), {});
  ScanRequest request;
  request.predicate = expr::Parse("k BETWEEN 1000 AND 1010 AND i < 10").ValueOrDie();
  const auto scan = Open();
  const auto read = ReadAll(scan.get(), request);
  EXPECT_GT(read->num_rows(), 0);
  EXPECT_LT(read->num_rows(), 300);
  EXPECT_THAT(scan->evidence(),
              Contains(AllOf(HasSubstr("the page index leaves"), HasSubstr("of 3000 rows"))));
  request.predicate = expr::Parse("k = 100000 OR k < 0").ValueOrDie();
  EXPECT_EQ(ReadAll(Open().get(), request)->num_rows(), 0);
}

TEST_F(ParquetPruningTest, RowGroupsAreLeftOutByTheirBloomFilters) {
  arrow::Int64Builder k;
  arrow::StringBuilder s;
  for (int64_t row = 0; row < 3000; ++row) {
    ASSERT_TRUE(k.Append(row % 1000 * 2).ok());
    ASSERT_TRUE(s.Append("t" + std::to_string(row * 2)).ok());
  }
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("k", arrow::int64()), arrow::field("s", arrow::utf8())}),
      {k.Finish().ValueOrDie(), s.Finish().ValueOrDie()});
  Written as;
  as.row_group_rows = 1000;
  as.bloom_filters = true;
  as.page_index = false;
  Write(*table, as);
  const std::vector<std::pair<std::string, int64_t>> cases = {{"k = 501", 0},
                                                              {"k = 500", 3000},
                                                              {"k IN (1, 3, 5)", 0},
                                                              {"s = 't1500'", 1000},
                                                              {"s = 't1501'", 0},
                                                              {"s IN ('t4', 't5002')", 2000},
                                                              {"k = 501 OR s = 't4'", 1000},
                                                              {"NOT (k = 501)", 3000},
                                                              {"CAST(k AS STRING) = '501'", 3000}};
  for (const auto& [text, rows] : cases) {
    ScanRequest request;
    request.predicate = expr::Parse(text).ValueOrDie();
    EXPECT_EQ(ReadAll(Open().get(), request)->num_rows(), rows) << text;
  }
}

// Whatever indexes and filters claim: data, or an error that names the file, but never a crash.
TEST_F(ParquetPruningTest, DamagedIndexes) {
  std::mt19937_64 random(testing::TestSeed());
  arrow::CappedMemoryPool capped(arrow::default_memory_pool(), 64 << 20);
  context_.pool = &capped;
  Written as;
  as.row_group_rows = 200;
  as.bloom_filters = true;
  Write(*MostlyAscending(400, random), as);
  std::string good(std::filesystem::file_size(path_), '\0');
  std::ifstream(path_, std::ios::binary).read(good.data(), static_cast<long>(good.size()));
  ScanRequest request;
  request.predicate = expr::Parse("k = 77 OR s = 'v10300' OR x < 12").ValueOrDie();
  for (int round = 0; round < 200; ++round) {
    std::string bad = good;
    // Indexes stand behind the pages, the footer behind them.
    const size_t from = round % 2 == 0 ? bad.size() / 3 : bad.size() - 4000;
    for (uint64_t n = 1 + random() % 6; n > 0; --n)
      bad[from + random() % (bad.size() - from)] = static_cast<char>(random());
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bad;
    auto scan = OpenParquetScan({{path_.string(), 0, {}}}, {}, context_);
    Status status = scan.status();
    if (status.ok()) {
      auto source = TypeAndStart(scan->get(), request, 4096);
      status = source.status();
      while (status.ok()) {
        auto morsel = (*source)->Next();
        status = morsel.status();
        if (!status.ok() || *morsel == nullptr) break;
        status = (*source)->Read(std::move(*morsel), [](const Batch&) { return Status::OK(); });
      }
    }
    if (status.ok()) continue;
    EXPECT_THAT(status.message(), HasSubstr("a.parquet")) << "round " << round;
    EXPECT_TRUE(GetErrorKind(status) == ErrorKind::kBadInput ||
                GetErrorKind(status) == ErrorKind::kOutOfMemory)
        << status.ToString();
  }
}

// Ranges of rows with gaps, over every shape of column, against the whole.
TEST_F(ParquetPruningTest, AnyRowsOfARowGroup) {
  std::mt19937_64 random(testing::TestSeed());
  for (int round = 0; round < 6; ++round) {
    Written as = RandomWay(random);
    as.row_group_rows = 100'000;
    Write(*MostlyAscending(2500, random), as);
    const auto whole = ReadAll(Open().get(), {})->CombineChunksToBatch().ValueOrDie();
    const auto file = ParquetFile::Open(context_.env, path_.string(), context_.pool).ValueOrDie();
    const auto reader = RowGroupReader::Open(file, 0, whole->schema(), context_.pool).ValueOrDie();
    int64_t row = 0;
    while (true) {
      row += static_cast<int64_t>(random() % 3 == 0 ? 0 : random() % 700);
      if (row >= 2500) break;
      const int64_t rows = std::min<int64_t>(1 + random() % 200, 2500 - row);
      reader->SkipTo(row);
      arrow::RecordBatchVector batches;
      if (random() % 2 == 0) {
        batches = reader->Read(rows, 1 << 20).ValueOrDie();
      } else {
        const bool want = random() % 2 == 0;
        RowsWanted wanted{std::vector<bool>(whole->num_columns(), false),
                          [&](const arrow::RecordBatch&) { return want; }};
        wanted.columns[0] = wanted.columns[2] = true;
        bool found = false;
        batches = reader->ReadWanted(rows, 1 << 20, wanted, &found).ValueOrDie();
        EXPECT_EQ(found, want);
      }
      const auto read = arrow::Table::FromRecordBatches(batches).ValueOrDie();
      ASSERT_TRUE(read->ValidateFull().ok());
      const auto expected = arrow::Table::FromRecordBatches({whole->Slice(row, rows)}).ValueOrDie();
      for (int i = 0; i < read->num_columns(); ++i) {
        const bool is_left_out = i != 0 && i != 2 && read->column(i)->null_count() == rows;
        if (is_left_out) continue;
        ASSERT_TRUE(read->column(i)->Equals(*expected->column(i),
                                            arrow::EqualOptions::Defaults().nans_equal(true)))
            << "round " << round << ", row " << row << ", column " << i;
      }
      row += rows;
    }
  }
}

}  // namespace
}  // namespace headrace
