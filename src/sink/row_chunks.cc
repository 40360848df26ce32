#include "sink/row_chunks.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace headrace {
namespace {

// Chunks of mapped sizes are rounded up by the allocator anyway; a multiple of this keeps small
// ones tidy.
constexpr int64_t kBlockStep = 64;

}  // namespace

RowChunks::RowChunks(RowChunks&& other) noexcept
    : pool_(other.pool_),
      head_(std::exchange(other.head_, nullptr)),
      tail_(std::exchange(other.tail_, nullptr)),
      rows_(std::exchange(other.rows_, 0)),
      used_bytes_(std::exchange(other.used_bytes_, 0)),
      block_bytes_(std::exchange(other.block_bytes_, 0)) {}

RowChunks& RowChunks::operator=(RowChunks&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(head_, other.head_);
  std::swap(tail_, other.tail_);
  std::swap(rows_, other.rows_);
  std::swap(used_bytes_, other.used_bytes_);
  std::swap(block_bytes_, other.block_bytes_);
  other.Clear();
  return *this;
}

Status RowChunks::AddChunk(int64_t row_bytes, int64_t remaining_bytes) {
  // A third of what is held: the list grows geometrically, and what lies idle in its last chunk
  // stays below that.
  const int64_t grown = std::clamp(block_bytes_ / 3, kBlockBytesMin, kBlockBytesMax);
  const int64_t wanted = std::max(grown, std::min(remaining_bytes, kBlockBytesMax));
  int64_t block_bytes = std::max(wanted, row_bytes + static_cast<int64_t>(sizeof(RowChunk)));
  block_bytes = (block_bytes + kBlockStep - 1) / kBlockStep * kBlockStep;
  uint8_t* block = nullptr;
  ARROW_RETURN_NOT_OK(pool_->Allocate(block_bytes, &block));
  auto* chunk = new (block) RowChunk();
  chunk->block_bytes = block_bytes;
  (tail_ == nullptr ? head_ : tail_->next) = chunk;
  tail_ = chunk;
  block_bytes_ += block_bytes;
  return Status::OK();
}

void RowChunks::Put(const uint8_t* data, int64_t bytes, int64_t rows) {
  std::memcpy(tail_->data() + tail_->used_bytes, data, static_cast<size_t>(bytes));
  tail_->used_bytes += bytes;
  tail_->rows += rows;
  used_bytes_ += bytes;
  rows_ += rows;
}

Status RowChunks::Append(const EncodedRows& rows, int64_t begin, int64_t end) {
  const int64_t* offsets = rows.offset();
  while (begin < end) {
    const int64_t room = tail_ == nullptr ? 0 : tail_->capacity() - tail_->used_bytes;
    // The last row end that still fits.
    const int64_t* fits =
        std::upper_bound(offsets + begin, offsets + end + 1, offsets[begin] + room) - 1;
    const int64_t stop = fits - offsets;
    if (stop == begin) {
      ARROW_RETURN_NOT_OK(
          AddChunk(offsets[begin + 1] - offsets[begin],
                   offsets[end] - offsets[begin] + static_cast<int64_t>(sizeof(RowChunk))));
      continue;
    }
    Put(rows.bytes->data() + offsets[begin], offsets[stop] - offsets[begin], stop - begin);
    begin = stop;
  }
  return Status::OK();
}

Status RowChunks::Append(const RowSpan& span) {
  const uint8_t* at = span.data;
  const uint8_t* const span_end = span.data + span.bytes;
  while (at < span_end) {
    const int64_t room = tail_ == nullptr ? 0 : tail_->capacity() - tail_->used_bytes;
    const uint8_t* end = at;
    int64_t rows = 0;
    while (end < span_end && end - at + EncodedRowBytes(end) <= room) {
      end += EncodedRowBytes(end);
      ++rows;
    }
    if (rows == 0) {
      ARROW_RETURN_NOT_OK(
          AddChunk(EncodedRowBytes(at), span_end - at + static_cast<int64_t>(sizeof(RowChunk))));
      continue;
    }
    Put(at, end - at, rows);
    at = end;
  }
  return Status::OK();
}

RowChunk* RowChunks::PopFront() {
  RowChunk* chunk = head_;
  head_ = chunk->next;
  if (head_ == nullptr) tail_ = nullptr;
  chunk->next = nullptr;
  rows_ -= chunk->rows;
  used_bytes_ -= chunk->used_bytes;
  block_bytes_ -= chunk->block_bytes;
  return chunk;
}

void RowChunks::PushBack(RowChunk* chunk) {
  (tail_ == nullptr ? head_ : tail_->next) = chunk;
  tail_ = chunk;
  rows_ += chunk->rows;
  used_bytes_ += chunk->used_bytes;
  block_bytes_ += chunk->block_bytes;
}

void RowChunks::FreeChunk(RowChunk* chunk, arrow::MemoryPool* pool) {
  pool->Free(reinterpret_cast<uint8_t*>(chunk), chunk->block_bytes);
}

void RowChunks::Clear() {
  while (head_ != nullptr) FreeChunk(PopFront(), pool_);
}

}  // namespace headrace
