#include "source/parquet/input_file.h"

#include <arrow/buffer.h>

#include <algorithm>

namespace headrace {

Result<int64_t> EnvInputFile::ReadAt(int64_t position, int64_t length, void* out) {
  if (position < 0 || length < 0 || position > size_bytes_) {
    return MakeError(ErrorKind::kBadInput, 503, "read outside the file: {} bytes at {} of {}",
                     length, position, size_bytes_);
  }
  return file_->ReadAt(position, std::min(length, size_bytes_ - position), out);
}

Result<std::shared_ptr<arrow::Buffer>> EnvInputFile::ReadAt(int64_t position, int64_t length) {
  const int64_t wanted =
      std::clamp<int64_t>(length, 0, std::max<int64_t>(0, size_bytes_ - position));
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(wanted, pool_));
  ARROW_ASSIGN_OR_RAISE(const int64_t count, ReadAt(position, wanted, buffer->mutable_data()));
  if (count < wanted) ARROW_RETURN_NOT_OK(buffer->Resize(count, /*shrink_to_fit=*/false));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<int64_t> EnvInputFile::Read(int64_t length, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t count, ReadAt(position_, length, out));
  position_ += count;
  return count;
}

Result<std::shared_ptr<arrow::Buffer>> EnvInputFile::Read(int64_t length) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, length));
  position_ += buffer->size();
  return buffer;
}

Status EnvInputFile::Seek(int64_t position) {
  if (position < 0 || position > size_bytes_) {
    return MakeError(ErrorKind::kBadInput, 503, "seek outside the file: {} of {} bytes", position,
                     size_bytes_);
  }
  position_ = position;
  return Status::OK();
}

}  // namespace headrace
