// TextBlock: a stretch of whole records with the bits that say where its fields end.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "source/csv/structure_scan.h"
#include "source/oldest_first.h"

namespace headrace {

// Role: owns the memory of one block: text (with padding on both sides), structure bits and the
// record index. Reused from block to block. Threads: one owner at a time.
class TextBlock {
 public:
  // `columns_max`: where records are filled up, so many positions may stand behind the text.
  static Result<std::unique_ptr<TextBlock>> Make(int64_t capacity, arrow::MemoryPool* pool,
                                                 int64_t columns_max = 0);

  uint8_t* text() { return text_->mutable_data() + kTextPadding; }
  const uint8_t* text() const { return text_->data() + kTextPadding; }
  uint64_t* bits() { return reinterpret_cast<uint64_t*>(bits_->mutable_data()); }
  const uint64_t* bits() const { return reinterpret_cast<const uint64_t*>(bits_->data()); }
  // Text bytes that fit, one more for a newline that the last line of a file lacks.
  int64_t capacity() const { return capacity_; }
  // Makes room for `capacity` bytes of text, keeping the text there is.
  Status Grow(int64_t capacity);

  // Room for `count` positions of the record index; contents are lost.
  Status ReserveIndex(int64_t count);
  uint32_t* index() { return reinterpret_cast<uint32_t*>(index_->mutable_data()); }

  // What the reader found. Text, structure and positions are valid up to `scan.record_end`.
  StructureScan scan;
  int file = 0;            // which input
  int64_t offset = 0;      // of the first byte, in the decoded text of that input
  int64_t first_line = 1;  // physical line of the first byte
  UnderWay under_way;

 private:
  TextBlock() = default;
  // For text of `capacity`, with what may be read around it.
  int64_t TextBytes(int64_t capacity) const { return capacity + 1 + padding_; }

  arrow::MemoryPool* pool_ = nullptr;
  int64_t capacity_ = 0;
  int64_t padding_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> text_;
  std::shared_ptr<arrow::ResizableBuffer> bits_;
  std::shared_ptr<arrow::ResizableBuffer> index_;
};

}  // namespace headrace
