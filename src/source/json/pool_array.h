// A growable array of plain values from an Arrow pool.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/status.h"

namespace headrace {

// A stretch of indexes.
struct IndexSpan {
  int64_t begin = 0;
  int64_t end = 0;
};
using IndexSpans = std::vector<IndexSpan>;

// Role: keeps its memory when it is cleared, unless much of it was not used. Threads: one.
template <class T>
class PoolArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit PoolArray(arrow::MemoryPool* pool) : pool_(pool) {}

  int64_t size() const { return size_; }
  const T* data() const { return data_; }
  T& operator[](int64_t index) { return data_[index]; }
  const T& operator[](int64_t index) const { return data_[index]; }

  Status Push(const T& value) {
    if (size_ == capacity_) [[unlikely]]
      ARROW_RETURN_NOT_OK(Reserve(size_ + 1));
    data_[size_++] = value;
    return Status::OK();
  }
  // Makes it `size` long with copies of `value`.
  Status Fill(int64_t size, const T& value) {
    if (size > capacity_) ARROW_RETURN_NOT_OK(Reserve(size));
    std::fill(data_ + size_, data_ + std::max(size, size_), value);
    size_ = std::max(size, size_);
    return Status::OK();
  }
  void Truncate(int64_t size) { size_ = std::min(size, size_); }
  // Takes out what lies in `spans`, which are in order; they may reach behind the end.
  void Erase(const IndexSpans& spans) {
    int64_t kept = spans.empty() ? size_ : std::min(spans.front().begin, size_);
    for (size_t i = 0; i < spans.size(); ++i) {
      const int64_t begin = std::min(spans[i].end, size_);
      const int64_t end = i + 1 < spans.size() ? std::min(spans[i + 1].begin, size_) : size_;
      std::copy(data_ + begin, data_ + end, data_ + kept);
      kept += end - begin;
    }
    size_ = kept;
  }
  void Clear() {
    if (capacity_ > 2 * std::max(size_, kFirst)) {
      buffer_.reset();
      data_ = nullptr;
      capacity_ = 0;
    }
    size_ = 0;
  }

 private:
  static constexpr int64_t kFirst = 64;
  Status Reserve(int64_t size) {
    const int64_t capacity = std::max({size, capacity_ + capacity_ / 2, kFirst});
    const int64_t bytes = capacity * static_cast<int64_t>(sizeof(T));
    if (buffer_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(bytes, pool_));
    } else {
      ARROW_RETURN_NOT_OK(buffer_->Resize(bytes, /*shrink_to_fit=*/false));
    }
    data_ = reinterpret_cast<T*>(buffer_->mutable_data());
    capacity_ = capacity;
    return Status::OK();
  }

  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  T* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace headrace
