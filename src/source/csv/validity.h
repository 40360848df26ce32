// A validity bitmap that exists only once there is a null.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <cstring>
#include <memory>

#include "base/status.h"

namespace headrace {

class Validity {
 public:
  Validity(int64_t rows, arrow::MemoryPool* pool) : rows_(rows), pool_(pool) {}

  Status SetNull(int64_t row) {
    if (bits_ == nullptr) [[unlikely]] {
      const int64_t bytes = (rows_ + 7) / 8;
      ARROW_ASSIGN_OR_RAISE(bits_, arrow::AllocateBuffer(bytes, pool_));
      std::memset(bits_->mutable_data(), 0xff, static_cast<size_t>(bytes));
      if (rows_ % 8 != 0)
        bits_->mutable_data()[bytes - 1] = static_cast<uint8_t>((1 << rows_ % 8) - 1);
    }
    bits_->mutable_data()[row / 8] &= static_cast<uint8_t>(~(1 << row % 8));
    ++null_count_;
    return Status::OK();
  }
  int64_t null_count() const { return null_count_; }
  std::shared_ptr<arrow::Buffer> Finish() { return std::move(bits_); }

 private:
  const int64_t rows_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Buffer> bits_;
  int64_t null_count_ = 0;
};

}  // namespace headrace
