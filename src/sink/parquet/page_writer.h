// EncodedPageWriter: takes the pages of one column and keeps them, compressed, in memory.
#pragma once

#include <arrow/util/compression.h>
#include <parquet/column_writer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sink/block_codec.h"
#include "sink/parquet/page_index.h"
#include "sink/parquet/row_group_encoder.h"

namespace headrace {

// What the page writers of one encoder share from column to column.
struct PageScratch {
  arrow::MemoryPool* pool = nullptr;
  BlockCodec* codec = nullptr;                 // null = pages stay as they are
  arrow::util::Codec* stream_codec = nullptr;  // the same codec, for pages in pieces
  std::unique_ptr<arrow::ResizableBuffer> compressed;
  std::string header;
};

// kIfItPays: the first data page decides for all of them.
enum class CodecUse : uint8_t { kNever, kAlways, kIfItPays };

struct DataPageHead {
  int32_t values = 0;  // with nulls
  int64_t plain_bytes = 0;
  int64_t stored_bytes = 0;
  int32_t checksum = 0;
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;
};

// Role: the seam to Parquet's column writers, which encode values into pages and hand them over
// here. Writes page headers itself and notes what the column's metadata will need, so nothing
// depends on a file or an offset. Where the codec takes less than a tenth off the first data page
// it may be dropped for the column: every reader would pay more for it than it saves. Owner: the
// column writer. Threads: one. Errors: Parquet's
// exceptions, caught where the column is encoded.
class EncodedPageWriter : public parquet::PageWriter {
 public:
  // `column` and `scratch` must outlive the writer.
  EncodedPageWriter(EncodedColumn* column, PageScratch* scratch, CodecUse use)
      : column_(column),
        scratch_(scratch),
        use_(scratch->codec == nullptr ? CodecUse::kNever : use),
        index_(scratch->pool) {
    column_->is_compressed = use_ != CodecUse::kNever;
  }

  void Close(bool has_dictionary, bool fallback) override;
  int64_t WriteDataPage(const parquet::DataPage& page) override;
  int64_t WriteDictionaryPage(const parquet::DictionaryPage& page) override;
  int64_t total_compressed_bytes_written() const override { return column_->compressed_bytes; }
  bool has_compressor() override { return use_ != CodecUse::kNever; }
  void Compress(const arrow::Buffer& source, arrow::ResizableBuffer* target) override;
  // A data page of ours: levels and values, not yet compressed, and the bounds for the index.
  void WritePage(int64_t values, parquet::Encoding::type encoding, const arrow::Buffer& plain,
                 const EncodedBounds& bounds);
  // Before the first page: what a codec would gain on it says nothing.
  void KeepCodec() {
    if (use_ == CodecUse::kIfItPays) use_ = CodecUse::kAlways;
  }
  // A dictionary of ours, in PLAIN form: it stands before all pages written so far.
  void WriteDictionaryFirst(int64_t values, const arrow::Buffer& plain);
  // A finished PLAIN page of ours, whose stored bytes are `body`.
  void KeepPlainPage(int64_t values, int64_t plain_bytes,
                     std::vector<std::shared_ptr<arrow::Buffer>> body);

 private:
  // Makes the header in scratch_->header and takes note of the page.
  void BeginDataPage(const DataPageHead& head);
  void BeginDictionaryPage(int32_t values, int64_t plain_bytes, const arrow::Buffer& stored,
                           parquet::Encoding::type encoding, bool is_sorted);
  // `plain` compressed in scratch, or as it is. Good until the next page.
  std::shared_ptr<arrow::Buffer> Stored(const arrow::Buffer& plain);
  // scratch_->header and `body` as one piece, whose sizes are counted.
  std::shared_ptr<arrow::Buffer> MakePiece(const arrow::Buffer& body, int64_t uncompressed_bytes);
  // Keeps that piece. Returns the uncompressed size with the header.
  int64_t Keep(const arrow::Buffer& body, int64_t uncompressed_bytes);
  void Count(int page_type, int encoding);
  // After a data page of `values` values that began where the column had `offset` bytes.
  void NotePage(int64_t offset, int64_t values, const EncodedBounds& bounds);

  EncodedColumn* column_;
  PageScratch* scratch_;
  CodecUse use_;
  PageIndexBuilder index_;
  bool has_data_page_ = false;
};

}  // namespace headrace
