// Lets C codecs (zlib, zstd) allocate from an Arrow pool, so that their windows are accounted like
// everything else.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>
#include <cstring>

namespace headrace {

// C allocators free without a size, an Arrow pool wants one: it is kept in a header before the
// block.
inline constexpr int64_t kPoolBlockHeader = 64;

inline void* AllocateFromPool(void* pool, size_t size) {
  uint8_t* block = nullptr;
  const int64_t total = static_cast<int64_t>(size) + kPoolBlockHeader;
  if (!static_cast<arrow::MemoryPool*>(pool)->Allocate(total, &block).ok()) return nullptr;
  std::memcpy(block, &total, sizeof(total));
  return block + kPoolBlockHeader;
}

inline void FreeToPool(void* pool, void* address) {
  if (address == nullptr) return;
  uint8_t* block = static_cast<uint8_t*>(address) - kPoolBlockHeader;
  int64_t total = 0;
  std::memcpy(&total, block, sizeof(total));
  static_cast<arrow::MemoryPool*>(pool)->Free(block, total);
}

}  // namespace headrace
