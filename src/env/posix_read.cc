#include <poll.h>
#include <sys/stat.h>

#include "env/errno_status.h"
#include "env/file_descriptor.h"
#include "env/posix_env.h"

namespace headrace {
namespace {

constexpr char kNotOpenedForReading[] = "cannot open file for reading";
constexpr char kCannotReadFile[] = "cannot read file";

class PosixRandomReadFile : public RandomReadFile {
 public:
  PosixRandomReadFile(FileDescriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<int64_t> ReadAt(int64_t offset, int64_t length, void* out) override {
    int64_t done = 0;
    while (done < length) {
      const ssize_t count = RetryInterrupted([&] {
        return ::pread(descriptor_.get(), static_cast<char*>(out) + done, length - done,
                       offset + done);
      });
      if (count < 0) return ReadError(errno, kCannotReadFile, "pread", path_);
      if (count == 0) break;
      done += count;
    }
    return done;
  }

  Result<int64_t> Size() override {
    struct stat found;
    if (::fstat(descriptor_.get(), &found) != 0) {
      return ReadError(errno, kCannotReadFile, "fstat", path_);
    }
    return static_cast<int64_t>(found.st_size);
  }

  void DropCache(int64_t offset, int64_t length) override {
    ::posix_fadvise(descriptor_.get(), offset, length, POSIX_FADV_DONTNEED);
  }

 private:
  FileDescriptor descriptor_;
  std::string path_;
};

class PosixStandardInput : public SequentialReadFile {
 public:
  explicit PosixStandardInput(std::function<bool()> stopped) : stopped_(std::move(stopped)) {}
  Result<int64_t> Read(int64_t length, void* out) override {
    ARROW_RETURN_NOT_OK(WaitForData());
    const ssize_t count = RetryInterrupted([&] { return ::read(STDIN_FILENO, out, length); });
    if (count < 0) return ReadError(errno, kCannotReadFile, "read", "standard input");
    return static_cast<int64_t>(count);
  }

 private:
  // A pipe whose writer pauses would keep a stop signal from being heard.
  Status WaitForData() const {
    constexpr int kAskEveryMilliseconds = 100;
    for (;;) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      const int ready = ::poll(&input, 1, kAskEveryMilliseconds);
      if (ready > 0 || (ready < 0 && errno != EINTR)) return Status::OK();  // read() tells the rest
      if (stopped_ && stopped_()) {
        return MakeError(ErrorKind::kCancelled, kInterruptedCode,
                         "stopped while waiting for standard input");
      }
    }
  }

  const std::function<bool()> stopped_;
};

}  // namespace

Result<std::unique_ptr<RandomReadFile>> PosixEnv::OpenForRead(const std::string& path) {
  // Without O_NONBLOCK the open of a named pipe would wait for a writer instead of being refused
  // below.
  FileDescriptor descriptor = OpenDescriptor(path.c_str(), O_RDONLY | O_NONBLOCK);
  if (!descriptor.is_open()) return ReadError(errno, kNotOpenedForReading, "open", path);
  struct stat found;
  if (::fstat(descriptor.get(), &found) != 0)
    return ReadError(errno, kNotOpenedForReading, "fstat", path);
  if (S_ISDIR(found.st_mode)) return ReadError(EISDIR, kNotOpenedForReading, "open", path);
  if (!S_ISREG(found.st_mode)) {
    return MakeError(ErrorKind::kSource, kNotAFile,
                     "cannot read at offsets from a pipe or device: {}; hand it to standard input "
                     "and name '-' instead",
                     path);
  }
  return std::make_unique<PosixRandomReadFile>(std::move(descriptor), path);
}

Result<std::unique_ptr<SequentialReadFile>> PosixEnv::OpenStandardInput(
    std::function<bool()> stopped) {
  struct stat found;
  if (::fstat(STDIN_FILENO, &found) != 0) {
    return ReadError(errno, kNotOpenedForReading, "fstat", "standard input");
  }
  if (S_ISDIR(found.st_mode))
    return ReadError(EISDIR, kNotOpenedForReading, "fstat", "standard input");
  return std::make_unique<PosixStandardInput>(std::move(stopped));
}

}  // namespace headrace
