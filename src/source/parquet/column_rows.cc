#include "source/parquet/column_rows.h"

#include <parquet/arrow/reader.h>
#include <parquet/page_index.h>

#include <algorithm>

namespace headrace {
namespace {

// Rows that are decoded only to be dropped are few at a time: they take memory all the same.
constexpr int64_t kDroppedRows = 4096;

class CursorRowGroup : public parquet::RowGroupReader::Contents {
 public:
  CursorRowGroup(std::shared_ptr<parquet::RowGroupReader> inner, PageCursors cursors)
      : inner_(std::move(inner)), cursors_(std::move(cursors)) {}

  std::unique_ptr<parquet::PageReader> GetColumnPageReader(int i) override {
    auto pages = inner_->GetColumnPageReader(i);
    if (PageCursor* cursor = cursors_[i]; cursor != nullptr) {
      pages->set_data_page_filter(
          [cursor](const parquet::DataPageStats& page) { return cursor->Pass(page.num_values); });
    }
    return pages;
  }
  const parquet::RowGroupMetaData* metadata() const override { return inner_->metadata(); }
  const parquet::ReaderProperties* properties() const override { return &properties_; }

 private:
  std::shared_ptr<parquet::RowGroupReader> inner_;
  const PageCursors cursors_;
  const parquet::ReaderProperties properties_;
};

class CursorContents : public parquet::ParquetFileReader::Contents {
 public:
  CursorContents(std::unique_ptr<parquet::ParquetFileReader> inner, PageCursors cursors)
      : inner_(std::move(inner)), cursors_(std::move(cursors)) {}

  void Close() override { inner_->Close(); }
  std::shared_ptr<parquet::RowGroupReader> GetRowGroup(int i) override {
    return std::make_shared<parquet::RowGroupReader>(
        std::make_unique<CursorRowGroup>(inner_->RowGroup(i), cursors_));
  }
  std::shared_ptr<parquet::FileMetaData> metadata() const override { return inner_->metadata(); }
  std::shared_ptr<parquet::PageIndexReader> GetPageIndexReader() override {
    return inner_->GetPageIndexReader();
  }
  parquet::BloomFilterReader& GetBloomFilterReader() override {
    return inner_->GetBloomFilterReader();
  }

 private:
  std::unique_ptr<parquet::ParquetFileReader> inner_;
  const PageCursors cursors_;
};

}  // namespace

std::unique_ptr<parquet::ParquetFileReader> WithPageCursors(
    std::unique_ptr<parquet::ParquetFileReader> inner, PageCursors cursors) {
  auto reader = std::make_unique<parquet::ParquetFileReader>();
  reader->Open(std::make_unique<CursorContents>(std::move(inner), std::move(cursors)));
  return reader;
}

LibraryRows::LibraryRows(std::unique_ptr<parquet::arrow::ColumnReader> reader, PageCursor* cursor)
    : reader_(std::move(reader)), cursor_(cursor) {}

LibraryRows::~LibraryRows() = default;

int64_t LibraryRows::StepFor(RowRange rows) const {
  if (next_ >= rows.begin) return rows.end - next_;
  const int64_t before = std::min(rows.begin - next_, kDroppedRows);
  if (cursor_ == nullptr) return before;
  // What is left of the page at hand is dropped; of the pages behind it the first one that is
  // unpacked may begin before the rows and reach into them.
  if (next_ < cursor_->end) return std::min(before, cursor_->end - next_);
  return std::min(rows.size(), kDroppedRows);
}

Result<std::shared_ptr<arrow::ChunkedArray>> LibraryRows::Read(RowRange rows,
                                                               int64_t /*bytes_max*/) {
  arrow::ArrayVector chunks;
  std::shared_ptr<arrow::DataType> type;
  while (next_ < rows.end) {
    const int64_t step = StepFor(rows);
    const bool at_page_end = cursor_ != nullptr && next_ == cursor_->end;
    if (cursor_ != nullptr) {
      cursor_->needed_from = rows.begin;
      cursor_->first = -1;
    }
    std::shared_ptr<arrow::ChunkedArray> read;
    ARROW_RETURN_NOT_OK(reader_->NextBatch(step, &read));
    if (at_page_end && cursor_->first >= 0) next_ = cursor_->first;
    if (read->length() < step) {
      return Status::Invalid("the column ends ", rows.end - next_ - read->length(), " rows early");
    }
    type = read->type();
    const int64_t drop = std::max<int64_t>(0, rows.begin - next_);
    next_ += step;
    if (drop >= step) continue;
    if (drop > 0) read = read->Slice(drop);
    for (const auto& chunk : read->chunks()) {
      if (chunk->length() > 0) chunks.push_back(chunk);
    }
  }
  return arrow::ChunkedArray::Make(std::move(chunks), std::move(type));
}

}  // namespace headrace
