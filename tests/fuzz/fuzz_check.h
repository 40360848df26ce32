// What fuzz targets share: bytes as choices, checks that end the process, memory that is counted.
#pragma once

#include <arrow/memory_pool.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace headrace::fuzz {

// Ends the process with a report, so that a fuzzer or the replay notices.
[[noreturn]] void Fail(const char* file, int line, const std::string& what);

#define FUZZ_CHECK(condition, ...)                                              \
  do {                                                                          \
    if (!(condition)) [[unlikely]]                                              \
      ::headrace::fuzz::Fail(__FILE__, __LINE__,                                \
                             #condition + (": " + ::fmt::format(__VA_ARGS__))); \
  } while (false)

// The first bytes of an input decide how it is treated; what is left is treated. Past the end every
// byte is 0.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint8_t Byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  bool Bit() { return (Byte() & 1) != 0; }
  // 1 to `most`.
  int64_t Count(int64_t most) { return 1 + (Byte() << 8 | Byte()) % most; }
  std::string_view Take(size_t count) {
    const std::string_view taken = Rest().substr(0, count);
    data_ += taken.size();
    size_ -= taken.size();
    return taken;
  }
  std::string_view Rest() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const uint8_t* data_;
  size_t size_;
};

// Role: a pool with a limit that must be empty when it goes: whatever a reader took for an input it
// gives back, also when it fails. Owner: one run of a target. Threads: any.
class CountedPool : public arrow::ProxyMemoryPool {
 public:
  explicit CountedPool(int64_t limit_bytes)
      : ProxyMemoryPool(arrow::system_memory_pool()), limit_bytes_(limit_bytes) {}
  ~CountedPool() override {
    FUZZ_CHECK(bytes_allocated() == 0, "{} bytes were not given back", bytes_allocated());
  }
  using ProxyMemoryPool::Allocate;
  using ProxyMemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    ARROW_RETURN_NOT_OK(CheckRoom(size));
    return ProxyMemoryPool::Allocate(size, alignment, out);
  }
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t** at) override {
    ARROW_RETURN_NOT_OK(CheckRoom(new_size - old_size));
    return ProxyMemoryPool::Reallocate(old_size, new_size, alignment, at);
  }

 private:
  Status CheckRoom(int64_t more) const {
    if (more <= limit_bytes_ - bytes_allocated()) return Status::OK();
    return Status::OutOfMemory("the limit of a fuzz target: ", limit_bytes_);
  }
  const int64_t limit_bytes_;
};

// A failure that people can read: of a kind other than Internal, with a number, one line of text.
void CheckError(const Status& status);

}  // namespace headrace::fuzz
