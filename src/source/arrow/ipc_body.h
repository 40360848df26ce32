// IpcBody: the body of a message, in the file or in memory.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "base/status.h"

namespace headrace {

// Role: gives parts of a body as buffers that are aligned for values of any type. Owner: a morsel.
// Threads: any. Errors: Invalid when the file ends early; OutOfMemory.
class IpcBody {
 public:
  IpcBody(std::shared_ptr<arrow::Buffer> memory, arrow::MemoryPool* pool)
      : memory_(std::move(memory)), pool_(pool) {}
  IpcBody(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t start, arrow::MemoryPool* pool)
      : file_(std::move(file)), start_(start), pool_(pool) {}

  // The range was held against the body's length before. In memory it is not copied if it lies
  // aligned.
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t offset, int64_t length) const;
  arrow::MemoryPool* pool() const { return pool_; }

 private:
  std::shared_ptr<arrow::Buffer> memory_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t start_ = 0;
  arrow::MemoryPool* pool_;
};

}  // namespace headrace
