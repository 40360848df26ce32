// RowChunks: encoded rows of one partition, in chunks that grow with what is held.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "data/row_codec.h"

namespace headrace {

// Whole rows behind each other, in one block of a pool together with this header.
struct RowChunk {
  RowChunk* next = nullptr;
  int64_t block_bytes = 0;  // with this header
  int64_t used_bytes = 0;   // of rows
  int64_t rows = 0;

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  int64_t capacity() const { return block_bytes - static_cast<int64_t>(sizeof(RowChunk)); }
  RowSpan span() { return {data(), used_bytes, rows}; }
};

// Role: a list of chunks in order; moves as a whole in O(1). The first chunks are small, because
// there may be thousands of partitions with a few rows each; later ones grow with the list, so that
// little of a large one lies idle. Owner: the partition, then whoever encodes or spills the rows.
// Threads: one at a time. Errors: OutOfMemory from the pool.
class RowChunks {
 public:
  static constexpr int64_t kBlockBytesMin = 512;
  static constexpr int64_t kBlockBytesMax = int64_t{256} << 10;

  explicit RowChunks(arrow::MemoryPool* pool) : pool_(pool) {}
  RowChunks(RowChunks&& other) noexcept;
  RowChunks& operator=(RowChunks&& other) noexcept;
  RowChunks(const RowChunks&) = delete;
  RowChunks& operator=(const RowChunks&) = delete;
  ~RowChunks() { Clear(); }

  // Appends rows [begin, end) of `rows`.
  Status Append(const EncodedRows& rows, int64_t begin, int64_t end);
  // Appends a run of rows, walking over it to find where rows end.
  Status Append(const RowSpan& span);

  bool empty() const { return head_ == nullptr; }
  int64_t rows() const { return rows_; }
  int64_t used_bytes() const { return used_bytes_; }
  int64_t block_bytes() const { return block_bytes_; }  // what is charged for them, roughly
  RowChunk* front() const { return head_; }
  // Takes the first chunk off; it must be given to FreeChunk.
  RowChunk* PopFront();
  // Takes over a chunk of the same pool.
  void PushBack(RowChunk* chunk);
  static void FreeChunk(RowChunk* chunk, arrow::MemoryPool* pool);
  void Clear();

  arrow::MemoryPool* pool() const { return pool_; }

 private:
  Status AddChunk(int64_t row_bytes, int64_t remaining_bytes);
  void Put(const uint8_t* data, int64_t bytes, int64_t rows);

  arrow::MemoryPool* pool_;
  RowChunk* head_ = nullptr;
  RowChunk* tail_ = nullptr;
  int64_t rows_ = 0;
  int64_t used_bytes_ = 0;
  int64_t block_bytes_ = 0;
};

}  // namespace headrace
