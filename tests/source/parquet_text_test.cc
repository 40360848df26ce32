// Columns of texts: our reader of their pages against the library's, and what it holds.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "source/parquet/row_group_reader.h"
#include "support/random_batch.h"
#include "support/temporary_directory.h"

namespace headrace {
namespace {

class ParquetTextTest : public ::testing::Test {
 protected:
  void SetUp() override { path_ = directory_.path() + "/a.parquet"; }

  void Write(const arrow::Table& table, const std::shared_ptr<parquet::WriterProperties>& as) {
    auto out = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    parquet::ArrowWriterProperties::Builder arrow_properties;
    arrow_properties.store_schema();
    ASSERT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out,
                                           std::max<int64_t>(1, table.num_rows()), as,
                                           arrow_properties.build())
                    .ok());
    ASSERT_TRUE(out->Close().ok());
  }

  std::unique_ptr<RowGroupReader> Open(arrow::MemoryPool* pool,
                                       BeforeHugePage before_huge_page = nullptr) {
    const auto file = ParquetFile::Open(Env::Default(), path_, pool).ValueOrDie();
    arrow::FieldVector fields;
    for (const auto& field : file->schema()->fields())
      fields.push_back(field->WithType(DeliveredType(field->type())));
    return RowGroupReader::Open(file, 0, arrow::schema(fields), pool, std::move(before_huge_page))
        .ValueOrDie();
  }

  TemporaryDirectory directory_;
  std::string path_;
};

// Texts that repeat, that are long now and then, that are empty or NULL.
std::shared_ptr<arrow::Array> Texts(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                    std::mt19937_64& random) {
  auto builder = arrow::MakeBuilder(type).ValueOrDie();
  const uint64_t nulls = random() % 3;  // in so many of 4 rows
  const uint64_t different = std::vector<uint64_t>{3, 200, 1'000'000}[random() % 3];
  const uint64_t long_bytes = random() % 2 == 0 ? 20 : 20'000;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < rows; ++i) {
    if (random() % 4 < nulls) {
      EXPECT_TRUE(texts.AppendNull().ok());
      continue;
    }
    const uint64_t value = random() % different;
    const bool is_long = random() % 50 == 0;
    std::string text(is_long ? random() % long_bytes : value % 13, 'a' + char(value % 26));
    if (!text.empty()) text += std::to_string(value);
    EXPECT_TRUE(texts.Append(text).ok());
  }
  return texts.Finish().ValueOrDie()->View(type).ValueOrDie();
}

std::shared_ptr<parquet::WriterProperties> AnyWay(std::mt19937_64& random) {
  parquet::WriterProperties::Builder way;
  using parquet::Compression;
  way.compression(std::vector<Compression::type>{Compression::UNCOMPRESSED, Compression::SNAPPY,
                                                 Compression::ZSTD,
                                                 Compression::GZIP}[random() % 4]);
  if (random() % 2 == 0) way.data_page_version(parquet::ParquetDataPageVersion::V2);
  way.data_pagesize(int64_t{1} << (6 + random() % 18))->write_batch_size(1 + random() % 1000);
  way.dictionary_pagesize_limit(int64_t{1} << (6 + random() % 14));
  if (random() % 2 == 0) {
    way.disable_dictionary();
    way.encoding(std::vector<parquet::Encoding::type>{
        parquet::Encoding::PLAIN, parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY,
        parquet::Encoding::DELTA_BYTE_ARRAY}[random() % 3]);
  }
  if (random() % 2 == 0) way.enable_page_checksum();
  return way.build();
}

TEST_F(ParquetTextTest, AgreesWithTheLibrary) {
  std::mt19937_64 random(testing::TestSeed());
  for (int round = 0; round < 60; ++round) {
    const int64_t rows = 1 + static_cast<int64_t>(random() % 3000);
    const bool nullable = random() % 4 != 0;
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const auto& type : {arrow::utf8(), arrow::binary()}) {
      auto column = Texts(type, rows, random);
      fields.push_back(arrow::field("c" + std::to_string(fields.size()), type,
                                    nullable || column->null_count() > 0));
      columns.push_back(std::move(column));
    }
    const auto table = arrow::Table::Make(arrow::schema(fields), columns);
    Write(*table, AnyWay(random));
    auto in = arrow::io::ReadableFile::Open(path_).ValueOrDie();
    auto library = parquet::arrow::OpenFile(in, arrow::default_memory_pool()).ValueOrDie();
    std::shared_ptr<arrow::Table> expected;
    ASSERT_TRUE(library->ReadTable(&expected).ok());
    ASSERT_TRUE(expected->Equals(*table));

    const auto reader = Open(arrow::default_memory_pool());
    const int64_t bytes_max = int64_t{1} << (4 + random() % 18);
    while (reader->rows_left() > 0) {
      if (random() % 4 == 0) {
        reader->SkipTo(reader->next_row() +
                       static_cast<int64_t>(random() % (reader->rows_left() / 4 + 1)));
      }
      const int64_t row = reader->next_row();
      const auto wanted = 1 + static_cast<int64_t>(random() % reader->rows_left());
      const auto batches = reader->Read(wanted, bytes_max).ValueOrDie();
      const auto read = arrow::Table::FromRecordBatches(batches).ValueOrDie();
      ASSERT_TRUE(read->ValidateFull().ok());
      ASSERT_GE(read->num_rows(), 1);
      ASSERT_LE(read->num_rows(), wanted);
      ASSERT_EQ(reader->next_row(), row + read->num_rows());
      for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(read->column(i)->Equals(*expected->column(i)->Slice(row, read->num_rows())))
            << "round " << round << ", row " << row << ", column " << i;
      }
    }
  }
}

// One page, or one dictionary, with three values of 4 MB: it is held once.
TEST_F(ParquetTextTest, HugeValuesOfOnePageAreNotHeldTwice) {
  constexpr int64_t kLong = 4'000'000;
  arrow::StringBuilder texts;
  for (const char c : {'x', 'y', 'z', 'x', 'z'})
    ASSERT_TRUE(texts.Append(std::string(kLong, c)).ok());
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  const auto table = arrow::Table::Make(schema, {texts.Finish().ValueOrDie()});
  for (const bool dictionary : {false, true}) {
    for (const auto codec : {parquet::Compression::UNCOMPRESSED, parquet::Compression::ZSTD}) {
      for (const auto version :
           {parquet::ParquetDataPageVersion::V1, parquet::ParquetDataPageVersion::V2}) {
        parquet::WriterProperties::Builder way;
        way.compression(codec)->data_page_version(version)->data_pagesize(1 << 30);
        way.dictionary_pagesize_limit(1 << 30);
        if (!dictionary) way.disable_dictionary();
        Write(*table, way.build());
        const int64_t page_bytes = (dictionary ? 3 : 5) * (kLong + 4);
        arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
        int64_t huge_pages = 0;
        auto reader = Open(&pool, [&] {
          ++huge_pages;
          return Status::OK();
        });
        for (const char c : {'x', 'y', 'z', 'x', 'z'}) {
          // Values of a fifth of their page are copied, one at a time.
          const auto batches = reader->Read(reader->rows_left(), 1 << 20).ValueOrDie();
          ASSERT_EQ(batches.size(), 1);
          ASSERT_EQ(batches[0]->num_rows(), 1);
          const auto& text = static_cast<const arrow::StringArray&>(*batches[0]->column(0));
          ASSERT_EQ(text.GetView(0), std::string(kLong, c));
        }
        const int64_t copied = dictionary ? 0 : kLong;
        EXPECT_LE(pool.max_memory(), page_bytes + copied + (1 << 20));
        EXPECT_EQ(huge_pages, dictionary ? 0 : 1);
        reader.reset();
        EXPECT_EQ(pool.bytes_allocated(), 0);
      }
    }
  }
}

// A dictionary makes few bytes many: batches are bounded by what the rows have.
TEST_F(ParquetTextTest, ADictionaryOfLongTextsGivesShortBatches) {
  arrow::StringBuilder texts;
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE(texts.Append(std::string(100'000, static_cast<char>('a' + i % 20))).ok());
  const auto schema = arrow::schema({arrow::field("s", arrow::utf8())});
  Write(*arrow::Table::Make(schema, {texts.Finish().ValueOrDie()}),
        parquet::WriterProperties::Builder().dictionary_pagesize_limit(1 << 30)->build());
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  auto reader = Open(&pool);
  int64_t rows = 0;
  while (reader->rows_left() > 0) {
    for (const auto& batch : reader->Read(reader->rows_left(), 1 << 20).ValueOrDie()) {
      EXPECT_LE(batch->num_rows(), 10);
      rows += batch->num_rows();
    }
  }
  EXPECT_EQ(rows, 500);
  EXPECT_LE(pool.max_memory(), 20 * 100'004 + (4 << 20));
}

}  // namespace
}  // namespace headrace
