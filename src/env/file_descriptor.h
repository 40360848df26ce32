// A file descriptor that closes itself.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace headrace {

// Role: owns one open descriptor, or none (-1). Threads: one owner. Errors: the destructor swallows
// those of close; who must know them calls Close.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { Close(); }

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  // errno of the close, 0 when it went well. The descriptor is gone either way, also after EINTR.
  int Close() {
    if (descriptor_ < 0) return 0;
    const int result = ::close(std::exchange(descriptor_, -1));
    return result == 0 || errno == EINTR ? 0 : errno;
  }

 private:
  int descriptor_ = -1;
};

// Repeats a system call for as long as a signal interrupts it.
template <typename Call>
auto RetryInterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

inline FileDescriptor OpenDescriptor(const char* path, int flags, mode_t mode = 0666) {
  return FileDescriptor(RetryInterrupted([&] { return ::open(path, flags | O_CLOEXEC, mode); }));
}

}  // namespace headrace
