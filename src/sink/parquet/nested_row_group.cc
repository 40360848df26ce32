#include "sink/parquet/nested_row_group.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>

#include <atomic>
#include <limits>

#include "sink/parquet/column_encoder.h"

namespace headrace {
namespace {

// After one refusal it refuses everything. The library's file writer ends its columns also after a
// failure, and its dictionary may by then hold a value that its size does not count (the table of
// values could not grow behind it): writing that dictionary would run over its buffer. Refused the
// buffer, it stops.
class StopsAtRefusalPool : public arrow::ProxyMemoryPool {
 public:
  explicit StopsAtRefusalPool(arrow::MemoryPool* pool) : arrow::ProxyMemoryPool(pool) {}
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    if (refused_) return AfterRefusal();
    return Note(arrow::ProxyMemoryPool::Allocate(size, alignment, out));
  }
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** ptr) override {
    if (refused_ && new_size > old_size) return AfterRefusal();
    return Note(arrow::ProxyMemoryPool::Reallocate(old_size, new_size, alignment, ptr));
  }

 private:
  static Status AfterRefusal() { return Status::OutOfMemory("refused before"); }
  Status Note(Status status) {
    if (!status.ok()) refused_ = true;
    return status;
  }

  std::atomic<bool> refused_{false};
};

std::shared_ptr<parquet::WriterProperties> NestedProperties(const ParquetOptions& options,
                                                            arrow::MemoryPool* pool) {
  parquet::WriterProperties::Builder builder(*MakeWriterProperties(
      options, ColumnEncoding::kDictionary, ColumnStatistics::kByLibrary, pool));
  if (arrow::util::Codec::SupportsCompressionLevel(options.codec))
    builder.compression_level(options.level);
  builder.enable_page_checksum();
  return builder.build();
}

EncodedColumn TakeColumn(const parquet::ColumnChunkMetaData& chunk,
                         const std::shared_ptr<arrow::Buffer>& file) {
  EncodedColumn column;
  const bool has_dictionary = chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0;
  const int64_t begin = has_dictionary ? chunk.dictionary_page_offset() : chunk.data_page_offset();
  column.pieces.push_back(arrow::SliceBuffer(file, begin, chunk.total_compressed_size()));
  column.values = chunk.num_values();
  column.compressed_bytes = chunk.total_compressed_size();
  column.uncompressed_bytes = chunk.total_uncompressed_size();
  column.dictionary_offset = has_dictionary ? 0 : -1;
  column.data_offset = chunk.data_page_offset() - begin;
  for (parquet::Encoding::type encoding : chunk.encodings())
    column.encodings.push_back(static_cast<int>(encoding));
  for (const parquet::PageEncodingStats& pages : chunk.encoding_stats()) {
    column.page_counts.push_back(
        {static_cast<int>(pages.page_type), static_cast<int>(pages.encoding), pages.count});
  }
  column.is_compressed = chunk.compression() != arrow::Compression::UNCOMPRESSED;
  column.bounds = BoundsOf(chunk);
  return column;
}

}  // namespace

Result<EncodedRowGroup> EncodeNestedRowGroup(
    const ParquetLayout& layout, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(layout.schema(), batches));
  ARROW_ASSIGN_OR_RAISE(auto stream, arrow::io::BufferOutputStream::Create(64 * 1024, pool));
  StopsAtRefusalPool scratch(pool);  // outlives the writer; the stream's buffer outlives both
  ARROW_ASSIGN_OR_RAISE(
      auto writer, parquet::arrow::FileWriter::Open(*layout.schema(), &scratch, stream,
                                                    NestedProperties(layout.options(), &scratch)));
  ARROW_RETURN_NOT_OK(writer->WriteTable(*table, std::numeric_limits<int64_t>::max()));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(auto file, stream->Finish());
  const auto metadata = writer->metadata();
  HEADRACE_CHECK(metadata->num_row_groups() == 1);
  const auto row_group = metadata->RowGroup(0);
  EncodedRowGroup encoded;
  encoded.rows = table->num_rows();
  for (int i = 0; i < row_group->num_columns(); ++i) {
    encoded.columns.push_back(TakeColumn(*row_group->ColumnChunk(i), file));
  }
  return encoded;
}

}  // namespace headrace
