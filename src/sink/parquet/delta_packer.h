// DeltaPacker: DELTA_BINARY_PACKED, differences of neighbours in blocks of few bits.
#pragma once

#include <arrow/buffer_builder.h>

#include <array>
#include <cstdint>
#include <span>

#include "base/status.h"

namespace headrace {

// Role: packs integers, uint32_t or uint64_t of any meaning: differences wrap around as the format
// wants them to. Threads: one. Errors: OutOfMemory.
template <typename V>
class DeltaPacker {
 public:
  explicit DeltaPacker(arrow::MemoryPool* pool) : blocks_(pool) {}

  Status Put(std::span<const V> values);
  int64_t bytes() const { return blocks_.length() + pending_ * static_cast<int64_t>(sizeof(V)); }
  // Appends everything and begins anew.
  Status Finish(arrow::BufferBuilder* out);

 private:
  static constexpr int kBlock = 128;
  static constexpr int kMiniBlock = 32;
  static constexpr int kMiniBlocks = kBlock / kMiniBlock;

  // Room for it is reserved.
  void FlushBlock();

  arrow::BufferBuilder blocks_;
  std::array<V, kBlock> deltas_{};
  int pending_ = 0;
  int64_t total_ = 0;
  V first_ = 0;
  V last_ = 0;
};

}  // namespace headrace
