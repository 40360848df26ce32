// Memory for buffers: anonymous mappings in size classes, recycled inside the process, resident
// bytes bounded.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/status.h"

namespace headrace {

// Role: gives blocks whose real cost is known. Blocks of kExtentMin and more are mappings of their
// own, rounded up to a size class (at most 12.5 % or a page above the request) and kept in a cache
// when freed, so that a run recycles its pages instead of faulting new ones (2-9 us each); smaller
// blocks come from malloc. The limit is low because malloc keeps what is freed between live blocks:
// with columns of 60 KiB from malloc, 55 of its 64 MB were free and resident. Limits: in-use plus
// cached extent bytes stay at or below `cap_bytes` as long as callers charge a budget of that size
// first; cached bytes stay at or below `cache_bytes_max`, so that resident and accounted bytes tell
// the same story. Threads: all methods from any thread. Errors: OutOfMemory when the kernel refuses
// a mapping.
class ExtentAllocator {
 public:
  static constexpr int64_t kExtentMin = 8 * 1024;

  ExtentAllocator(int64_t cap_bytes, int64_t cache_bytes_max);
  ~ExtentAllocator();  // every block must have been freed
  ExtentAllocator(const ExtentAllocator&) = delete;
  ExtentAllocator& operator=(const ExtentAllocator&) = delete;

  // What a block of `size` bytes costs: its size class, or size plus malloc's overhead.
  static int64_t ChargedBytes(int64_t size);

  Result<uint8_t*> Allocate(int64_t size, int64_t alignment);
  Result<uint8_t*> Reallocate(uint8_t* block, int64_t old_size, int64_t new_size,
                              int64_t alignment);
  void Free(uint8_t* block, int64_t size);

  // Lowers or raises the cap; cached extents above it go back at once.
  void SetCap(int64_t cap_bytes);
  // Returns cached extents to the kernel until at most `keep_bytes` are cached.
  void Trim(int64_t keep_bytes);
  int64_t cached_bytes() const;
  int64_t mapped_bytes() const;  // in use plus cached

 private:
  static constexpr int kClasses = 256;
  void EvictUntilCached(int64_t keep_bytes);  // called with mutex_ held

  const int64_t cache_bytes_max_;
  mutable std::mutex mutex_;
  int64_t cap_bytes_;
  std::array<std::vector<uint8_t*>, kClasses> cache_;
  int64_t cached_bytes_ = 0;
  int64_t mapped_bytes_ = 0;
};

}  // namespace headrace
