#include "source/text/block_memory.h"

#include <algorithm>
#include <cstring>

namespace headrace {

int64_t GrownCapacity(int64_t capacity, int64_t usual_bytes, int64_t bytes_max) {
  capacity = std::max(capacity, usual_bytes);
  const int64_t step = capacity < kHugeRecordBytes ? capacity : capacity / 8;
  return std::min(capacity + step, bytes_max);
}

Status TextTail::Keep(const uint8_t* text, int64_t bytes) {
  bytes_ = bytes;
  if (bytes == 0) return Status::OK();
  if (buffer_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(bytes, pool_));
  } else {
    // Given back first where another size is needed: so both are never there together.
    if (buffer_->capacity() < bytes || buffer_->capacity() > kReusedGrowth * usual_bytes_)
      ARROW_RETURN_NOT_OK(buffer_->Resize(0, /*shrink_to_fit=*/true));
    ARROW_RETURN_NOT_OK(buffer_->Resize(bytes, /*shrink_to_fit=*/false));
  }
  std::memcpy(buffer_->mutable_data(), text, static_cast<size_t>(bytes));
  return Status::OK();
}

void TextTail::CopyTo(uint8_t* text) const {
  if (bytes_ > 0) std::memcpy(text, buffer_->data(), static_cast<size_t>(bytes_));
}

int64_t BlockBytesFor(const TextInput& text, size_t inputs, int64_t usual_bytes) {
  const bool is_plain = text.size_bytes() >= 0 && text.compression() == Compression::kNone &&
                        text.encoding() == TextEncoding::kUtf8;
  if (inputs != 1 || !is_plain) return usual_bytes;
  // One byte more finds its end in the same read.
  return std::max<int64_t>(std::min(usual_bytes, text.size_bytes() + 1), 1);
}

}  // namespace headrace
