#include "source/arrow/ipc_body.h"

namespace headrace {
namespace {

constexpr uintptr_t kAlignment = 8;

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> IpcBody::Read(int64_t offset, int64_t length) const {
  if (memory_) {
    auto part = arrow::SliceBuffer(memory_, offset, length);
    if (reinterpret_cast<uintptr_t>(part->data()) % kAlignment == 0) return part;
    return part->CopySlice(0, length, pool_);
  }
  ARROW_ASSIGN_OR_RAISE(auto part, file_->ReadAt(start_ + offset, length));
  if (part->size() < length) return Status::Invalid("the file became shorter while it was read");
  return part;
}

}  // namespace headrace
