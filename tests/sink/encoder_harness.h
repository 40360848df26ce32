// Row groups encoded apart into a file in memory, and that file read by the library's own reader.
#pragma once

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sink/parquet/file_writer.h"
#include "sink/parquet/row_group_encoder.h"
#include "support/memory_file.h"

namespace headrace::testing {

using BatchVector = std::vector<std::shared_ptr<arrow::RecordBatch>>;

inline Result<std::string> WriteFile(const std::shared_ptr<arrow::Schema>& schema,
                                     const std::vector<BatchVector>& groups,
                                     std::string_view compression, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto options, ParseParquetCompression(compression));
  options.data_page_bytes = 4096;  // many pages out of few rows
  ARROW_ASSIGN_OR_RAISE(auto layout, ParquetLayout::Make(schema, options, pool));
  ARROW_ASSIGN_OR_RAISE(auto encoder, RowGroupEncoder::Make(layout, pool));
  MemoryFile file;
  ParquetFileWriter writer(layout, pool);
  for (const BatchVector& group : groups) {
    ARROW_ASSIGN_OR_RAISE(auto encoded, encoder->Encode(group));
    ARROW_RETURN_NOT_OK(writer.Append(std::move(encoded), &file));
  }
  ARROW_RETURN_NOT_OK(writer.Finish(&file));
  EXPECT_EQ(writer.written_bytes(), file.written_bytes());
  return file.content;
}

inline std::unique_ptr<parquet::arrow::FileReader> OpenReader(const std::string& content) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(content));
  return parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
}

inline void ExpectRows(const std::string& content, const std::vector<BatchVector>& groups) {
  BatchVector all;
  for (const auto& group : groups) all.insert(all.end(), group.begin(), group.end());
  auto expected = arrow::Table::FromRecordBatches(all).ValueOrDie();
  auto reader = OpenReader(content);
  auto actual = reader->ReadTable().ValueOrDie();
  ASSERT_TRUE(actual->Validate().ok());  // random times of day pass midnight: not in full
  EXPECT_TRUE(actual->schema()->Equals(*expected->schema(), false)) << actual->schema()->ToString();
  for (int i = 0; i < expected->num_columns(); ++i) {
    EXPECT_TRUE(actual->column(i)->Equals(*expected->column(i),
                                          arrow::EqualOptions::Defaults().nans_equal(true)))
        << expected->schema()->field(i)->ToString();
  }
  EXPECT_EQ(reader->parquet_reader()->metadata()->num_row_groups(),
            static_cast<int>(groups.size()));
}

}  // namespace headrace::testing
