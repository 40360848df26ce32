// ParquetLayout: what all row groups of one dataset have in common.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace parquet {
class SchemaDescriptor;
}  // namespace parquet

namespace headrace {

struct ParquetOptions {
  arrow::Compression::type codec = arrow::Compression::ZSTD;
  int level = 1;  // meaningful for zstd and gzip only
  // Below 256 KiB zstd picks parameters that find short repeats: smaller files for numbers, and
  // less memory here and for readers.
  int64_t data_page_bytes = 128 * 1024;
  int64_t dictionary_page_bytes = 64 * 1024;
};

// "zstd", "zstd:3", "snappy", "lz4", "gzip:6", "none". Usage error naming the accepted ones.
Result<ParquetOptions> ParseParquetCompression(std::string_view text);

// Role: the Parquet form of an Arrow schema, the options, and what of the footer never changes.
// Immutable once made. Owner: shared by encoders and file writers. Threads: any. Errors:
// InvalidPlan naming the column whose type Parquet cannot hold.
class ParquetLayout {
 public:
  // Whether Parquet can hold all columns, without making anything that stays.
  static Status CheckColumns(const arrow::Schema& schema);
  // `pool` serves during the call only.
  static Result<std::shared_ptr<const ParquetLayout>> Make(std::shared_ptr<arrow::Schema> schema,
                                                           ParquetOptions options,
                                                           arrow::MemoryPool* pool);
  ~ParquetLayout();

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const ParquetOptions& options() const { return options_; }
  // Every top-level column is one leaf: the row group can be encoded column by column.
  bool is_flat() const { return is_flat_; }
  int leaf_count() const;
  const parquet::SchemaDescriptor& descriptor() const { return *descriptor_; }
  // Serialized footer of a file without row groups, cut where rows and row groups go in.
  std::string_view footer_head() const { return footer_head_; }
  std::string_view footer_tail() const { return footer_tail_; }

 private:
  ParquetLayout() = default;
  Status CutFooter(arrow::MemoryPool* pool);

  std::shared_ptr<arrow::Schema> schema_;
  ParquetOptions options_;
  std::shared_ptr<parquet::SchemaDescriptor> descriptor_;
  bool is_flat_ = true;
  std::string footer_head_;
  std::string footer_tail_;
};

}  // namespace headrace
