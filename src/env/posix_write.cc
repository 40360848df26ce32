#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "env/errno_status.h"
#include "env/file_descriptor.h"
#include "env/posix_env.h"

namespace headrace {
namespace {

constexpr char kNotOpenedForWriting[] = "cannot open file for writing";
constexpr char kCannotWriteFile[] = "cannot write file";
constexpr char kCannotSync[] = "cannot make file durable";
constexpr char kCannotClose[] = "cannot close file";

class PosixWritableFile : public WritableFile {
 public:
  // `start` is where the first byte goes: the size of a file that is continued, 0 otherwise.
  PosixWritableFile(FileDescriptor descriptor, std::string path, int64_t start)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), start_(start) {}

  Status Append(const void* data, int64_t length) override {
    const char* next = static_cast<const char*>(data);
    while (length > 0) {
      const ssize_t count =
          RetryInterrupted([&] { return ::write(descriptor_.get(), next, length); });
      if (count < 0) return WriteError(errno, kCannotWriteFile, "write", path_);
      next += count;
      length -= count;
      written_bytes_ += count;
    }
    return Status::OK();
  }

  Status Allocate(int64_t length) override {
    if (RetryInterrupted([&] { return ::fallocate(descriptor_.get(), 0, start_, length); }) == 0) {
      return Status::OK();
    }
    return LinkError(errno, "cannot take disk space", "fallocate", path_, "");
  }

  Status Sync() override {
    // Never retried: after a failure the kernel may have dropped the dirty pages and a second call
    // would lie.
    if (::fsync(descriptor_.get()) != 0) return WriteError(errno, kCannotSync, "fsync", path_);
    return Status::OK();
  }

  void DropCache() override {
    // Write-back of the newest bytes is only started; what was started last time is clean by now,
    // mostly, and goes.
    ::sync_file_range(descriptor_.get(), start_ + writing_back_bytes_,
                      written_bytes_ - writing_back_bytes_, SYNC_FILE_RANGE_WRITE);
    // What stood there before was mostly written by us too, and is not read again either. A length
    // of 0 would mean the whole file.
    if (start_ + writing_back_bytes_ > 0) {
      ::posix_fadvise(descriptor_.get(), 0, start_ + writing_back_bytes_, POSIX_FADV_DONTNEED);
    }
    writing_back_bytes_ = written_bytes_;
  }

  Status Close() override {
    if (const int error = descriptor_.Close(); error != 0) {
      return WriteError(error, kCannotClose, "close", path_);
    }
    return Status::OK();
  }

  int64_t written_bytes() const override { return written_bytes_; }

 private:
  FileDescriptor descriptor_;
  std::string path_;
  const int64_t start_;
  int64_t written_bytes_ = 0;       // from start_ on
  int64_t writing_back_bytes_ = 0;  // the same
};

class PosixScratchFile : public ScratchFile {
 public:
  PosixScratchFile(FileDescriptor descriptor, std::string directory)
      : descriptor_(std::move(descriptor)), directory_(std::move(directory)) {}

  Status WriteAt(int64_t offset, const void* data, int64_t length) override {
    const char* next = static_cast<const char*>(data);
    while (length > 0) {
      const ssize_t count =
          RetryInterrupted([&] { return ::pwrite(descriptor_.get(), next, length, offset); });
      if (count < 0) return WriteError(errno, "cannot write spill file", "pwrite", directory_);
      next += count;
      offset += count;
      length -= count;
    }
    return Status::OK();
  }

  Status ReadAt(int64_t offset, int64_t length, void* out) override {
    char* next = static_cast<char*>(out);
    while (length > 0) {
      const ssize_t count =
          RetryInterrupted([&] { return ::pread(descriptor_.get(), next, length, offset); });
      if (count < 0) return WriteError(errno, "cannot read spill file back", "pread", directory_);
      if (count == 0) {
        return MakeError(ErrorKind::kInternal, 901,
                         "spill file ends before what was asked of it: {}: offset {}", directory_,
                         offset);
      }
      next += count;
      offset += count;
      length -= count;
    }
    return Status::OK();
  }

  void DropCache(int64_t offset, int64_t length) override {
    // Pages still dirty stay; they go when the same range is dropped again or the kernel wants
    // them.
    ::sync_file_range(descriptor_.get(), offset, length, SYNC_FILE_RANGE_WRITE);
    ::posix_fadvise(descriptor_.get(), offset, length, POSIX_FADV_DONTNEED);
  }

 private:
  FileDescriptor descriptor_;
  std::string directory_;
};

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kCreateNew:
      return O_WRONLY | O_CREAT | O_EXCL;
    case OpenMode::kTruncate:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case OpenMode::kAppend:
      return O_WRONLY | O_CREAT | O_APPEND;
  }
  return O_WRONLY;
}

// For file systems without O_TMPFILE: a named file whose name goes at once.
FileDescriptor OpenUnlinked(const std::string& directory) {
  std::string name = JoinPath(directory, ".headrace-scratch-XXXXXX");
  FileDescriptor descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (descriptor.is_open()) ::unlink(name.c_str());
  return descriptor;
}

}  // namespace

Result<std::unique_ptr<WritableFile>> PosixEnv::OpenForWrite(const std::string& path,
                                                             OpenMode mode) {
  FileDescriptor descriptor = OpenDescriptor(path.c_str(), OpenFlags(mode));
  if (!descriptor.is_open()) return WriteError(errno, kNotOpenedForWriting, "open", path);
  int64_t start = 0;
  if (mode == OpenMode::kAppend) {
    struct stat found;
    if (::fstat(descriptor.get(), &found) != 0)
      return WriteError(errno, kNotOpenedForWriting, "fstat", path);
    start = found.st_size;
  }
  return std::make_unique<PosixWritableFile>(std::move(descriptor), path, start);
}

Status PosixEnv::CloneFile(const std::string& from, const std::string& to) {
  constexpr char kCannotClone[] = "cannot clone file";
  FileDescriptor source = OpenDescriptor(from.c_str(), O_RDONLY);
  if (!source.is_open()) return ReadError(errno, kCannotClone, "open", from);
  // For its owner alone until the caller sets who may read it.
  FileDescriptor target = OpenDescriptor(to.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!target.is_open()) return WriteError(errno, kCannotClone, "open", to);
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return Status::OK();
  // ENOTTY, EBADF and EPERM are further ways of file systems to say that they have no such call.
  const int error = errno == ENOTTY || errno == EBADF || errno == EPERM ? EOPNOTSUPP : errno;
  ::unlink(to.c_str());
  return LinkError(error, kCannotClone, "ioctl", from, to);
}

Result<std::unique_ptr<ScratchFile>> PosixEnv::OpenScratch(const std::string& directory) {
  FileDescriptor descriptor = OpenDescriptor(directory.c_str(), O_TMPFILE | O_RDWR, 0600);
  if (!descriptor.is_open() && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    descriptor = OpenUnlinked(directory);
  }
  if (!descriptor.is_open()) {
    return WriteError(errno, "cannot create spill file in directory", "open", directory);
  }
  return std::make_unique<PosixScratchFile>(std::move(descriptor), directory);
}

}  // namespace headrace
