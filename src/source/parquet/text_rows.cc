#include "source/parquet/text_rows.h"

#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/chunked_array.h>

#include <algorithm>
#include <cstring>

#include "source/csv/validity.h"

namespace headrace {
namespace {

// 32-bit offsets reach that far.
constexpr int64_t kArrayBytesMax = int64_t{1} << 30;

// Role: an array of texts under way, whose memory is found from the rows seen first. Threads: one.
template <class Offset>
class TextArray {
 public:
  TextArray(std::shared_ptr<arrow::DataType> type, int64_t rows_max, int64_t bytes_max,
            arrow::MemoryPool* pool)
      : type_(std::move(type)),
        rows_max_(rows_max),
        bytes_max_(bytes_max),
        pool_(pool),
        validity_(rows_max, pool) {}

  Status Begin() {
    ARROW_ASSIGN_OR_RAISE(offsets_,
                          arrow::AllocateResizableBuffer(
                              (rows_max_ + 1) * static_cast<int64_t>(sizeof(Offset)), pool_));
    ARROW_ASSIGN_OR_RAISE(data_, arrow::AllocateResizableBuffer(0, pool_));
    offset()[0] = 0;
    return Status::OK();
  }

  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

  // `bytes` is the sum of the lengths of the values, `rows` of them.
  Status Append(const parquet::ByteArray* values, int64_t rows, int64_t bytes, bool has_nulls) {
    if (bytes_ + bytes > capacity_) ARROW_RETURN_NOT_OK(Grow(rows, bytes));
    uint8_t* out = data_->mutable_data() + bytes_;
    Offset end = static_cast<Offset>(bytes_);
    Offset* const ends = offset() + rows_ + 1;
    for (int64_t i = 0; i < rows; ++i) {
      const parquet::ByteArray& value = values[i];
      if (value.len > 0) std::memcpy(out, value.ptr, value.len);
      out += value.len;
      end += static_cast<Offset>(value.len);
      ends[i] = end;
    }
    for (int64_t i = 0; has_nulls && i < rows; ++i) {
      if (values[i].ptr == nullptr) ARROW_RETURN_NOT_OK(validity_.SetNull(rows_ + i));
    }
    rows_ += rows;
    bytes_ += bytes;
    return Status::OK();
  }

  // One row, with what is a part of a page for its text.
  void SetOnly(std::shared_ptr<arrow::Buffer> text) {
    bytes_ = text->size();
    rows_ = 1;
    offset()[1] = static_cast<Offset>(bytes_);
    only_ = std::move(text);
  }

  Result<std::shared_ptr<arrow::Array>> Finish() {
    const int64_t offsets_bytes = (rows_ + 1) * static_cast<int64_t>(sizeof(Offset));
    ARROW_RETURN_NOT_OK(offsets_->Resize(offsets_bytes, rows_ < rows_max_ / 2));
    ARROW_RETURN_NOT_OK(data_->Resize(only_ ? 0 : bytes_, bytes_ < capacity_ - capacity_ / 4));
    const int64_t null_count = validity_.null_count();
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, rows_, {validity_.Finish(), offsets_, only_ ? only_ : data_}, null_count));
  }

 private:
  Offset* offset() { return reinterpret_cast<Offset*>(offsets_->mutable_data()); }

  // To what all rows take if they go on like the ones so far.
  Status Grow(int64_t rows, int64_t bytes) {
    const double row_bytes =
        static_cast<double>(bytes_ + bytes) / static_cast<double>(rows_ + rows);
    const auto expected = static_cast<int64_t>(row_bytes * static_cast<double>(rows_max_));
    const int64_t needed = bytes_ + bytes;
    const int64_t likely =
        std::min({expected + expected / 16, 2 * needed + kFirstBytes, bytes_max_});
    capacity_ = std::max(needed, likely);
    return data_->Resize(capacity_, /*shrink_to_fit=*/false);
  }

  static constexpr int64_t kFirstBytes = int64_t{256} << 10;

  const std::shared_ptr<arrow::DataType> type_;
  const int64_t rows_max_;
  const int64_t bytes_max_;
  arrow::MemoryPool* const pool_;
  Validity validity_;
  std::shared_ptr<arrow::ResizableBuffer> offsets_;
  std::shared_ptr<arrow::ResizableBuffer> data_;
  std::shared_ptr<arrow::Buffer> only_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
  int64_t capacity_ = 0;
};

template <class Offset>
class TextRows : public ColumnRows {
 public:
  TextRows(std::unique_ptr<TextPages> pages, std::shared_ptr<arrow::DataType> type,
           arrow::MemoryPool* pool)
      : pages_(std::move(pages)), type_(std::move(type)), pool_(pool) {}

  Result<std::shared_ptr<arrow::ChunkedArray>> Read(RowRange rows, int64_t bytes_max) override {
    bytes_max = std::min(bytes_max, kArrayBytesMax);
    ARROW_ASSIGN_OR_RAISE(const bool found, pages_->SkipTo(rows.begin));
    if (!found) return EndsEarly(rows.size());
    TextArray<Offset> array(type_, rows.size(), bytes_max, pool_);
    ARROW_RETURN_NOT_OK(array.Begin());
    while (array.rows() < rows.size()) {
      ARROW_ASSIGN_OR_RAISE(TextPages::Window window, pages_->Look());
      if (window.rows == 0) return EndsEarly(rows.size() - array.rows());
      if (array.rows() == 0) {
        if (auto text = pages_->SliceOf(window.values[0])) {
          array.SetOnly(std::move(text));
          pages_->Take(1);
          break;
        }
      }
      window.rows = std::min(window.rows, rows.size() - array.rows());
      const Fitting fitting = Fit(window, bytes_max - array.bytes(), array.rows() == 0);
      if (fitting.rows == 0) break;
      ARROW_RETURN_NOT_OK(
          array.Append(window.values, fitting.rows, fitting.bytes, window.has_nulls));
      pages_->Take(fitting.rows);
      if (fitting.rows < window.rows) break;
    }
    ARROW_ASSIGN_OR_RAISE(auto texts, array.Finish());
    return std::make_shared<arrow::ChunkedArray>(std::move(texts));
  }

 private:
  static Status EndsEarly(int64_t rows) {
    return Status::Invalid("the column ends ", rows, " rows early");
  }

  struct Fitting {
    int64_t rows = 0;
    int64_t bytes = 0;
  };
  // The rows of the window, from the first one on, that have no more than `bytes`; what is better
  // cut out of its page ends them. At least one where `any` has to fit.
  Fitting Fit(const TextPages::Window& window, int64_t bytes, bool any) const {
    Fitting fitting;
    for (; fitting.rows < window.rows; ++fitting.rows) {
      const parquet::ByteArray& value = window.values[fitting.rows];
      const int64_t length = value.len;
      const bool ends = fitting.bytes + length > bytes ||
                        (length >= TextPages::kSliceBytes && pages_->SliceOf(value) != nullptr);
      if (ends && !(any && fitting.rows == 0)) break;
      fitting.bytes += length;
    }
    return fitting;
  }

  const std::unique_ptr<TextPages> pages_;
  const std::shared_ptr<arrow::DataType> type_;
  arrow::MemoryPool* const pool_;
};

}  // namespace

std::unique_ptr<ColumnRows> MakeTextRows(std::unique_ptr<TextPages> pages,
                                         std::shared_ptr<arrow::DataType> type,
                                         arrow::MemoryPool* pool) {
  if (arrow::is_large_binary_like(type->id()))
    return std::make_unique<TextRows<int64_t>>(std::move(pages), std::move(type), pool);
  return std::make_unique<TextRows<int32_t>>(std::move(pages), std::move(type), pool);
}

}  // namespace headrace
