// FlatColumnEncoder: one column without nesting, from Arrow arrays to compressed pages.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <parquet/properties.h>

#include <array>
#include <memory>

#include "sink/parquet/encoding_choice.h"
#include "sink/parquet/flat_pages.h"
#include "sink/parquet/page_writer.h"

namespace parquet {
class ColumnChunkMetaData;
class ColumnWriter;
}  // namespace parquet

namespace headrace {

// Role: encodes the chunks of one column at a time: with FlatPages, or LongTextPages, or for rarer
// types with Parquet's own column writer, in slices small enough that a page never grows far past
// its size, reading the statistics back. Keeps codec, levels and conversion scratch between
// columns. Owner: RowGroupEncoder. Threads: one. Errors: Arrow's statuses and Parquet's exceptions;
// the owner catches both.
class FlatColumnEncoder {
 public:
  static Result<std::unique_ptr<FlatColumnEncoder>> Make(
      std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool);

  Result<EncodedColumn> Encode(int column, arrow::ArrayVector chunks);

 private:
  FlatColumnEncoder(std::shared_ptr<const ParquetLayout> layout, arrow::MemoryPool* pool);
  Status WriteChunk(const arrow::Array& chunk, bool nullable, parquet::ColumnWriter* writer);
  Result<EncodedColumn> EncodeLongTexts(arrow::ArrayVector chunks, bool nullable);
  template <typename V>
  Result<EncodedColumn> EncodeFlat(arrow::ArrayVector chunks, const FlatPagesOptions& options);
  Result<EncodedColumn> EncodeByLibrary(int column, arrow::ArrayVector chunks,
                                        ColumnEncoding encoding);
  // Definition levels of rows [begin, begin + count) of `chunk`: 1 = a value, 0 = null.
  Result<const int16_t*> Levels(const arrow::Array& chunk, int64_t begin, int64_t count);

  const std::shared_ptr<const ParquetLayout> layout_;
  arrow::MemoryPool* pool_;
  // By ColumnEncoding; the second set leaves statistics to us.
  std::array<std::shared_ptr<parquet::WriterProperties>, 4> properties_;
  std::array<std::shared_ptr<parquet::WriterProperties>, 4> text_properties_;
  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties_;
  std::unique_ptr<BlockCodec> codec_;
  std::unique_ptr<arrow::util::Codec> stream_codec_;
  PageScratch scratch_;
  FlatScratch flat_scratch_;
  std::unique_ptr<parquet::ArrowWriteContext> context_;
  std::unique_ptr<arrow::ResizableBuffer> levels_;
};

enum class ColumnStatistics : uint8_t { kByLibrary, kNone };

// Writer properties for one way of encoding, all buffers from `pool`.
std::shared_ptr<parquet::WriterProperties> MakeWriterProperties(const ParquetOptions& options,
                                                                ColumnEncoding encoding,
                                                                ColumnStatistics statistics,
                                                                arrow::MemoryPool* pool);

// The bounds of a finished or unfinished column chunk, as far as they can be trusted.
EncodedBounds BoundsOf(const parquet::ColumnChunkMetaData& column);

}  // namespace headrace
