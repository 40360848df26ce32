// TextBuffer: text being made, in memory of a pool.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/status.h"

namespace headrace {

// Role: one growing block of bytes; what writes first reserves, then puts. Owner: a text encoder.
// Threads: one. Errors: OutOfMemory from the pool.
class TextBuffer {
 public:
  explicit TextBuffer(arrow::MemoryPool* pool) : pool_(pool) {}

  int64_t size() const { return size_; }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(begin_); }

  // Room for `bytes` more; what end() gave before is of no use then.
  Status Reserve(int64_t bytes) {
    return size_ + bytes <= capacity_ ? Status::OK() : Grow(size_ + bytes);
  }
  // Where the next byte goes, and how far was written. Only within what was reserved.
  char* end() { return begin_ + size_; }
  void SetEnd(const char* end) { size_ = end - begin_; }

  void Put(char c) { begin_[size_++] = c; }
  void Put(std::string_view text) {
    if (!text.empty()) std::memcpy(begin_ + size_, text.data(), text.size());
    size_ += static_cast<int64_t>(text.size());
  }
  Status Append(std::string_view text) {
    ARROW_RETURN_NOT_OK(Reserve(static_cast<int64_t>(text.size())));
    Put(text);
    return Status::OK();
  }

  // Keeps the block, unless a row was so large that it grew beyond `bytes_max`.
  void Clear(int64_t bytes_max) {
    size_ = 0;
    if (capacity_ <= bytes_max) return;
    block_.reset();
    begin_ = nullptr;
    capacity_ = 0;
  }

 private:
  Status Grow(int64_t bytes) {
    if (block_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(block_, arrow::AllocateResizableBuffer(0, pool_));
    }
    ARROW_RETURN_NOT_OK(block_->Resize(std::max(bytes, capacity_ + capacity_ / 2), false));
    begin_ = reinterpret_cast<char*>(block_->mutable_data());
    capacity_ = block_->capacity();
    return Status::OK();
  }

  arrow::MemoryPool* pool_;
  std::unique_ptr<arrow::ResizableBuffer> block_;
  char* begin_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace headrace
