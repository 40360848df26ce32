#include "memory/extent_allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "base/units.h"

namespace headrace {
namespace {

constexpr int64_t kPage = 4096;
constexpr int kStepsPerDoubling = 8;
constexpr int kLog2First = 12;  // of the power of two below kExtentMin
constexpr int64_t kMallocOverhead = 48;
// Up to here, copying into pages that are there already is cheaper than moving page tables and
// faulting new pages.
constexpr int64_t kCopiedBytesMax = 1024 * 1024;

struct SizeClass {
  int index = 0;
  int64_t bytes = 0;
};

// Eight classes between a power of two and the next; never finer than a page.
SizeClass ClassOf(int64_t size) {
  const int log2 =
      std::bit_width(static_cast<uint64_t>(size - 1)) - 1;  // size in (2^log2, 2^(log2+1)]
  const int64_t low = int64_t{1} << log2;
  const int64_t step = std::max<int64_t>(kPage, low / kStepsPerDoubling);
  const int64_t steps = (size - low + step - 1) / step;
  return {(log2 - kLog2First) * kStepsPerDoubling + static_cast<int>(steps) - 1,
          low + steps * step};
}

Status KernelRefused(int64_t bytes) {
  return MakeError(
      ErrorKind::kOutOfMemory, 703,
      "the system refused a mapping of {} although the budget has room; lower --memory "
      "below what this machine or its container can give",
      FormatBytes(bytes));
}

}  // namespace

ExtentAllocator::ExtentAllocator(int64_t cap_bytes, int64_t cache_bytes_max)
    : cache_bytes_max_(cache_bytes_max), cap_bytes_(cap_bytes) {}

ExtentAllocator::~ExtentAllocator() { Trim(0); }

int64_t ExtentAllocator::ChargedBytes(int64_t size) {
  if (size < kExtentMin) return (size + 15) / 16 * 16 + kMallocOverhead;
  return ClassOf(size).bytes;
}

Result<uint8_t*> ExtentAllocator::Allocate(int64_t size, int64_t alignment) {
  if (size < kExtentMin) {
    void* block = nullptr;
    if (posix_memalign(&block, std::max<size_t>(static_cast<size_t>(alignment), sizeof(void*)),
                       static_cast<size_t>(size)) != 0) {
      return KernelRefused(size);
    }
    return static_cast<uint8_t*>(block);
  }
  HEADRACE_CHECK(alignment <= kPage);
  const SizeClass size_class = ClassOf(size);
  HEADRACE_CHECK(size_class.index < kClasses);
  {
    std::lock_guard lock(mutex_);
    auto& cached = cache_[size_class.index];
    if (!cached.empty()) {
      uint8_t* block = cached.back();
      cached.pop_back();
      cached_bytes_ -= size_class.bytes;
      return block;
    }
    const int64_t excess = mapped_bytes_ + size_class.bytes - cap_bytes_;
    if (excess > 0) EvictUntilCached(std::max<int64_t>(0, cached_bytes_ - excess));
    mapped_bytes_ += size_class.bytes;
  }
  void* block = mmap(nullptr, static_cast<size_t>(size_class.bytes), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) {
    std::lock_guard lock(mutex_);
    mapped_bytes_ -= size_class.bytes;
    return KernelRefused(size_class.bytes);
  }
  return static_cast<uint8_t*>(block);
}

Result<uint8_t*> ExtentAllocator::Reallocate(uint8_t* block, int64_t old_size, int64_t new_size,
                                             int64_t alignment) {
  if (old_size >= kExtentMin && new_size >= kExtentMin) {
    const SizeClass from = ClassOf(old_size);
    const SizeClass to = ClassOf(new_size);
    if (from.index == to.index) return block;
    {
      std::unique_lock lock(mutex_);
      auto& cached = cache_[to.index];
      if (!cached.empty() && std::min(from.bytes, to.bytes) <= kCopiedBytesMax) {
        uint8_t* recycled = cached.back();
        cached.pop_back();
        cached_bytes_ -= to.bytes;
        lock.unlock();
        std::memcpy(recycled, block, static_cast<size_t>(std::min(old_size, new_size)));
        Free(block, old_size);
        return recycled;
      }
      // Moving page tables instead of bytes; shrinking gives pages back at once.
      const int64_t excess = mapped_bytes_ + to.bytes - from.bytes - cap_bytes_;
      if (excess > 0) EvictUntilCached(std::max<int64_t>(0, cached_bytes_ - excess));
      mapped_bytes_ += to.bytes - from.bytes;
    }
    void* moved = mremap(block, static_cast<size_t>(from.bytes), static_cast<size_t>(to.bytes),
                         MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) {
      std::lock_guard lock(mutex_);
      mapped_bytes_ -= to.bytes - from.bytes;
      return KernelRefused(to.bytes);
    }
    return static_cast<uint8_t*>(moved);
  }
  ARROW_ASSIGN_OR_RAISE(uint8_t* fresh, Allocate(new_size, alignment));
  std::memcpy(fresh, block, static_cast<size_t>(std::min(old_size, new_size)));
  Free(block, old_size);
  return fresh;
}

void ExtentAllocator::Free(uint8_t* block, int64_t size) {
  if (size < kExtentMin) {
    std::free(block);
    return;
  }
  const SizeClass size_class = ClassOf(size);
  std::lock_guard lock(mutex_);
  if (size_class.bytes > cache_bytes_max_) {
    munmap(block, static_cast<size_t>(size_class.bytes));
    mapped_bytes_ -= size_class.bytes;
    return;
  }
  cache_[size_class.index].push_back(block);
  cached_bytes_ += size_class.bytes;
  EvictUntilCached(cache_bytes_max_);
}

// Takes from the class that hoards most: what a run no longer asks for gathers there.
void ExtentAllocator::EvictUntilCached(int64_t keep_bytes) {
  while (cached_bytes_ > keep_bytes) {
    int victim = -1;
    int64_t victim_class_bytes = 0;
    int64_t most = 0;
    for (int index = 0; index < kClasses; ++index) {
      if (cache_[index].empty()) continue;
      const int log2 = index / kStepsPerDoubling + kLog2First;
      const int64_t low = int64_t{1} << log2;
      const int64_t step = std::max<int64_t>(kPage, low / kStepsPerDoubling);
      const int64_t bytes = low + (index % kStepsPerDoubling + 1) * step;
      const int64_t hoarded = bytes * static_cast<int64_t>(cache_[index].size());
      if (hoarded > most) {
        most = hoarded;
        victim = index;
        victim_class_bytes = bytes;
      }
    }
    if (victim < 0) return;
    uint8_t* block = cache_[victim].front();
    cache_[victim].erase(cache_[victim].begin());
    munmap(block, static_cast<size_t>(victim_class_bytes));
    cached_bytes_ -= victim_class_bytes;
    mapped_bytes_ -= victim_class_bytes;
  }
}

void ExtentAllocator::SetCap(int64_t cap_bytes) {
  std::lock_guard lock(mutex_);
  cap_bytes_ = cap_bytes;
  const int64_t excess = mapped_bytes_ - cap_bytes_;
  if (excess > 0) EvictUntilCached(std::max<int64_t>(0, cached_bytes_ - excess));
}

void ExtentAllocator::Trim(int64_t keep_bytes) {
  std::lock_guard lock(mutex_);
  EvictUntilCached(keep_bytes);
}

int64_t ExtentAllocator::cached_bytes() const {
  std::lock_guard lock(mutex_);
  return cached_bytes_;
}

int64_t ExtentAllocator::mapped_bytes() const {
  std::lock_guard lock(mutex_);
  return mapped_bytes_;
}

}  // namespace headrace
