// TextPages: the values of one column of texts or bytes, where they lie in their pages.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/encoding.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <map>
#include <memory>

#include "base/status.h"
#include "source/parquet/column_rows.h"
#include "source/parquet/parquet_file.h"

namespace headrace {

// Role: unpacks a column chunk page by page and says of some rows at a time where their values
// stand: in the page or the dictionary as they were read, so that nothing is held twice. A page
// that values may be cut out of has memory of its own. Owner: a TextRows; `cursor` outlives it.
// Threads: one. Errors: what the library throws; OutOfMemory.
class TextPages {
 public:
  // Whether a column is read this way: not nested, texts or bytes of any length.
  static bool CanRead(const ParquetFile& file, int leaf, const arrow::DataType& type);

  TextPages(const ParquetFile& file, const parquet::RowGroupMetaData& row_group, int leaf,
            PageCursor* cursor, arrow::MemoryPool* pool);
  ~TextPages();

  // What a reader of a column holds beside its pages.
  static constexpr int64_t kWindowRows = 256;
  static constexpr int64_t kWindowBytes =
      kWindowRows * (sizeof(parquet::ByteArray) + sizeof(int32_t) + sizeof(int16_t));

  // Values of the next rows; NULL has no `ptr`. Until the next call of anything but SliceOf.
  struct Window {
    const parquet::ByteArray* values = nullptr;
    int64_t rows = 0;  // 0 = the column ends
    bool has_nulls = false;
  };
  Result<Window> Look();
  // Goes on behind the first `rows` of the window.
  void Take(int64_t rows) { window_begin_ += rows; }
  // The next row to be looked at is `row`, which is not before the present one. Pages that hold
  // nothing behind it are passed over. False where the column ends before it.
  Result<bool> SkipTo(int64_t row);

  // A value of so many bytes that is a large part of its page is cut out of it; of a small part it
  // would keep alive what nobody counts.
  static constexpr int64_t kSliceBytes = int64_t{1} << 20;
  // The value as a part of its page's memory, which it keeps; nullptr when it is better copied.
  std::shared_ptr<arrow::Buffer> SliceOf(const parquet::ByteArray& value) const;

 private:
  int64_t next_row() const { return page_end_ - page_left_ - (window_end_ - window_begin_); }
  Result<bool> LoadPage();
  std::shared_ptr<parquet::Page> NextPage();
  void BeginValues(const parquet::DataPage& page, int64_t levels_bytes);
  int64_t BeginLevels(const parquet::DataPageV1& page);
  int64_t BeginLevels(const parquet::DataPageV2& page);
  Status SetDictionary(std::shared_ptr<parquet::Page> page);
  Status DecodeWindow();
  void DecodeValues(int count);

  const parquet::ColumnDescriptor* const column_;
  PageCursor* const cursor_;
  arrow::MemoryPool* const pool_;
  const parquet::ReaderProperties properties_;
  const parquet::Compression::type codec_;
  const int64_t values_total_;
  std::shared_ptr<parquet::ArrowInputStream> stream_;
  std::unique_ptr<parquet::PageReader> reader_;

  std::shared_ptr<parquet::Page> dictionary_page_;
  std::shared_ptr<arrow::Buffer> dictionary_;  // of parquet::ByteArray
  int32_t dictionary_size_ = 0;

  std::shared_ptr<parquet::Page> page_;
  int64_t page_end_ = 0;   // first row behind the page
  int64_t page_left_ = 0;  // rows of it that are not decoded
  parquet::LevelDecoder levels_;
  std::map<parquet::Encoding::type, std::unique_ptr<parquet::ByteArrayDecoder>> decoders_;
  std::unique_ptr<parquet::DictDecoder<parquet::ByteArrayType>> index_decoder_;
  parquet::ByteArrayDecoder* decoder_ = nullptr;  // of the page; null: its values are indexes

  std::shared_ptr<arrow::Buffer> window_;  // room for values, indexes and levels
  parquet::ByteArray* values_ = nullptr;
  int32_t* indexes_ = nullptr;
  int16_t* definition_ = nullptr;
  int64_t window_begin_ = 0;
  int64_t window_end_ = 0;
  bool window_has_nulls_ = false;
};

}  // namespace headrace
