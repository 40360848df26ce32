// JsonBlock: a stretch of text that holds whole JSON values.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <cstring>
#include <memory>

#include "base/status.h"
#include "source/json/json_cursor.h"
#include "source/oldest_first.h"

namespace headrace {

// Role: owns the memory of one block of text, with padding on both sides. Reused from block to
// block. Threads: one owner at a time.
class JsonBlock {
 public:
  static Result<std::unique_ptr<JsonBlock>> Make(int64_t capacity, arrow::MemoryPool* pool) {
    std::unique_ptr<JsonBlock> block(new JsonBlock());
    ARROW_ASSIGN_OR_RAISE(block->buffer_,
                          arrow::AllocateResizableBuffer(BufferBytes(capacity), pool));
    std::memset(block->buffer_->mutable_data(), 0, kTextPadding);
    block->capacity_ = capacity;
    return block;
  }
  // Makes room for `capacity` bytes of text, keeping the text there is.
  Status Grow(int64_t capacity) {
    ARROW_RETURN_NOT_OK(buffer_->Resize(BufferBytes(capacity), /*shrink_to_fit=*/false));
    capacity_ = capacity;
    return Status::OK();
  }

  uint8_t* text() { return buffer_->mutable_data() + kTextPadding; }
  const uint8_t* text() const { return buffer_->data() + kTextPadding; }
  const uint8_t* end() const { return text() + length; }
  int64_t capacity() const { return capacity_; }
  // The text has `bytes`; zeros follow them.
  void SetLength(int64_t bytes) {
    length = bytes;
    std::memset(text() + bytes, 0, kTextPadding);
  }

  int64_t length = 0;
  JsonFraming framing = JsonFraming::kLines;
  int file = 0;            // which input
  int64_t offset = 0;      // of the first byte, in the decoded text of that input
  int64_t first_line = 1;  // physical line of the first byte
  UnderWay under_way;

 private:
  JsonBlock() = default;
  static int64_t BufferBytes(int64_t capacity) { return capacity + 2 * kTextPadding; }
  int64_t capacity_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
};

}  // namespace headrace
