// The memory that readers of blocks of text use again and again.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "source/oldest_first.h"
#include "source/text/text_input.h"

namespace headrace {

// What was grown above this multiple of the usual size, for one long record, is not kept.
inline constexpr int64_t kReusedGrowth = 2;

// The next size of a block of `capacity` bytes that one record does not fit in. Huge ones grow in
// small steps: what is read behind the record's end has to be kept beside it.
int64_t GrownCapacity(int64_t capacity, int64_t usual_bytes, int64_t bytes_max);

// Role: the text behind the last whole record of a block, until it opens the next one. Owner: a
// reader. Threads: one at a time. Errors: OutOfMemory.
class TextTail {
 public:
  TextTail(int64_t usual_bytes, arrow::MemoryPool* pool) : usual_bytes_(usual_bytes), pool_(pool) {}

  Status Keep(const uint8_t* text, int64_t bytes);
  void Clear() { bytes_ = 0; }
  int64_t bytes() const { return bytes_; }
  void CopyTo(uint8_t* text) const;

 private:
  const int64_t usual_bytes_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  int64_t bytes_ = 0;
};

// Role: blocks that are read and free again. Owner: a reader. Threads: any; its lock is its own, so
// that blocks come back while the reader waits for them.
template <class Block>
class FreeBlocks {
 public:
  explicit FreeBlocks(int64_t usual_bytes) : usual_bytes_(usual_bytes) {}

  void Put(std::unique_ptr<Block> block) {
    if (!Keeps(*block)) return;
    std::lock_guard lock(mutex_);
    blocks_.push_back(std::move(block));
  }
  // nullptr = none.
  std::unique_ptr<Block> Take() {
    std::lock_guard lock(mutex_);
    if (blocks_.empty()) return nullptr;
    auto block = std::move(blocks_.back());
    blocks_.pop_back();
    return block;
  }

 private:
  bool Keeps(const Block& block) const { return block.capacity() <= kReusedGrowth * usual_bytes_; }

  const int64_t usual_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

// Bytes for a new block: a file that is alone and small needs no more than itself.
int64_t BlockBytesFor(const TextInput& text, size_t inputs, int64_t usual_bytes);

// Stored bytes of all inputs, which have a `text`; -1 = not known.
template <class Input>
int64_t StoredBytesOf(const std::vector<Input>& inputs) {
  int64_t total = 0;
  for (const Input& input : inputs) {
    if (input.text->size_bytes() < 0) return -1;
    total += input.text->size_bytes();
  }
  return total;
}

}  // namespace headrace
