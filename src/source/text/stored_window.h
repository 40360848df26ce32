// StoredWindow: the stretch of a packed input that a decompressor is looking at.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "source/text/byte_stream.h"

namespace headrace {

// Role: reads stored bytes through a buffer of kBytes from a pool and counts them. Owner: one
// decompressing stream. Threads: one at a time. Errors: those of the stored stream.
class StoredWindow {
 public:
  static constexpr int64_t kBytes = 64 * 1024;

  static Result<StoredWindow> Make(std::unique_ptr<ByteStream> stored, arrow::MemoryPool* pool) {
    StoredWindow window;
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(kBytes, pool));
    window.buffer_ = std::move(buffer);
    window.stored_ = std::move(stored);
    return window;
  }

  const uint8_t* data() const { return buffer_->data() + position_; }
  int64_t available() const { return filled_ - position_; }
  void Consume(int64_t bytes) { position_ += bytes; }
  // Offset in the stored input of the next byte.
  int64_t offset() const { return read_ - available(); }
  int64_t stored_bytes_read() const { return stored_->stored_bytes_read(); }

  // Makes at least one byte available, if there is one; false at the end.
  Result<bool> Refill() {
    if (available() > 0) return true;
    position_ = 0;
    ARROW_ASSIGN_OR_RAISE(filled_, stored_->Read(kBytes, buffer_->mutable_data()));
    read_ += filled_;
    return filled_ > 0;
  }

  // Copies exactly `length` bytes; false when the input ends before.
  Result<bool> Take(int64_t length, uint8_t* out) {
    while (length > 0) {
      ARROW_ASSIGN_OR_RAISE(bool more, Refill());
      if (!more) return false;
      const int64_t count = std::min(length, available());
      if (out != nullptr) {
        std::memcpy(out, data(), static_cast<size_t>(count));
        out += count;
      }
      Consume(count);
      length -= count;
    }
    return true;
  }

  // Passes over zero bytes; false when nothing else is left.
  Result<bool> SkipPadding() {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(bool more, Refill());
      if (!more) return false;
      while (available() > 0) {
        if (*data() != 0) return true;
        Consume(1);
      }
    }
  }

 private:
  StoredWindow() = default;
  std::unique_ptr<ByteStream> stored_;
  std::shared_ptr<arrow::Buffer> buffer_;
  int64_t position_ = 0;
  int64_t filled_ = 0;
  int64_t read_ = 0;
};

}  // namespace headrace
