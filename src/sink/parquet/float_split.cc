#include "sink/parquet/float_split.h"

#include <algorithm>

namespace headrace {

void SplitBytes(const uint8_t* values, int64_t bytes, int width, uint8_t* out) {
  for (int byte = 0; byte < width; ++byte) {
    for (int64_t at = byte; at < bytes; at += width) *out++ = values[at];
  }
}

Result<bool> PaysToSplit(const arrow::ArrayVector& chunks, BlockCodec* codec,
                         arrow::MemoryPool* pool) {
  constexpr int64_t kValues = 4096;
  if (codec == nullptr) return false;
  const arrow::Array& chunk = **std::max_element(
      chunks.begin(), chunks.end(),
      [](const auto& one, const auto& other) { return one->length() < other->length(); });
  const int width = chunk.type()->bit_width() / 8;
  const int64_t count = std::min(kValues, chunk.length());
  const int64_t bytes = count * width;
  // From the middle: beginnings are the least usual part. NULLs count with what stands there.
  const uint8_t* values =
      chunk.data()->buffers[1]->data() + (chunk.offset() + (chunk.length() - count) / 2) * width;
  const int64_t bound = codec->MaxCompressedBytes(bytes);
  ARROW_ASSIGN_OR_RAISE(const auto split, arrow::AllocateBuffer(bytes, pool));
  ARROW_ASSIGN_OR_RAISE(const auto stored, arrow::AllocateBuffer(bound, pool));
  SplitBytes(values, bytes, width, split->mutable_data());
  ARROW_ASSIGN_OR_RAISE(const int64_t plain_bytes,
                        codec->Compress(values, bytes, stored->mutable_data(), bound));
  ARROW_ASSIGN_OR_RAISE(const int64_t split_bytes,
                        codec->Compress(split->data(), bytes, stored->mutable_data(), bound));
  return split_bytes < plain_bytes - plain_bytes / 20;
}

}  // namespace headrace
