// EnvInputFile: a file of env's as the library's readers want it.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>

#include "env/env.h"

namespace headrace {

// Role: random reads through the one door to the system. Reads never reach past the file's end, so
// a length that a damaged file claims is never allocated beyond what the file holds. Owner: shared
// by all readers of one file. Threads: ReadAt from any; the stream calls (Read, Seek) from one.
class EnvInputFile : public arrow::io::RandomAccessFile {
 public:
  EnvInputFile(std::unique_ptr<RandomReadFile> file, int64_t size_bytes, arrow::MemoryPool* pool)
      : file_(std::move(file)), size_bytes_(size_bytes), pool_(pool) {}

  using arrow::io::RandomAccessFile::ReadAt;
  Result<int64_t> ReadAt(int64_t position, int64_t length, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t length) override;
  Result<int64_t> Read(int64_t length, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t length) override;
  Status Seek(int64_t position) override;
  Result<int64_t> Tell() const override { return position_; }
  Result<int64_t> GetSize() override { return size_bytes_; }
  // The descriptor closes with the last owner; readers of one row group must not close it for the
  // others.
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }

 private:
  std::unique_ptr<RandomReadFile> file_;
  const int64_t size_bytes_;
  arrow::MemoryPool* pool_;
  int64_t position_ = 0;
};

}  // namespace headrace
