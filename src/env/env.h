// The only door to the operating system's files: every call that can fail passes through here, so
// that tests can enumerate them, fail them one by one and simulate a loss of power
// (tests/support/fault_env.h is the faulty twin).
//
// Paths are byte strings, relative to the working directory or absolute. Statuses made here carry
// the path, the call and errno's text; ENOSPC and EDQUOT are ErrorKind::kOutOfDisk, everything else
// ErrorKind::kSource for reads and ErrorKind::kSink for writes. EINTR is retried; short writes are
// continued; a failed fsync is never retried.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace {

enum class FileType : uint8_t { kFile, kDirectory, kSymlink, kOther };

struct FileStat {
  FileType type = FileType::kOther;
  int64_t size_bytes = 0;
  uint64_t inode = 0;
  uint64_t device = 0;
  int64_t mtime_ns = 0;
  uint32_t mode = 0;
  uint64_t link_count = 1;  // names of a file; the space is free when the last one goes
};

struct DirectoryEntry {
  std::string name;
  FileType type = FileType::kOther;
};

struct DiskSpace {
  int64_t total_bytes = 0;
  int64_t available_bytes = 0;
};

// A file open for reading. Threads: ReadAt from any thread. Closes itself.
class RandomReadFile {
 public:
  virtual ~RandomReadFile() = default;
  // Reads up to `length` bytes at `offset`; fewer only at the end of the file. Returns the count.
  virtual Result<int64_t> ReadAt(int64_t offset, int64_t length, void* out) = 0;
  virtual Result<int64_t> Size() = 0;
  // Tells the kernel that this range will not be read again, so that its pages need not stay in the
  // page cache.
  virtual void DropCache(int64_t offset, int64_t length) = 0;
};

// A stream that cannot be read twice (standard input, a pipe). Threads: one.
class SequentialReadFile {
 public:
  virtual ~SequentialReadFile() = default;
  // Reads up to `length` bytes; 0 at the end.
  virtual Result<int64_t> Read(int64_t length, void* out) = 0;
};

// A new file being written from its start, or appended to. Threads: one at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(const void* data, int64_t length) = 0;
  // Takes disk for `length` bytes without writing them; IsNotSupported where the file system
  // cannot.
  virtual Status Allocate(int64_t length);
  virtual Status Sync() = 0;  // fsync: content and size
  // Starts writing dirty pages back and drops clean ones of what was written so far; a hint, never
  // fails.
  virtual void DropCache() = 0;
  virtual Status Close() = 0;  // without Sync
  virtual int64_t written_bytes() const = 0;
};

// A file for writing and reading back at offsets (spill). Unlinked when made, so it dies with the
// process. Threads: any.
class ScratchFile {
 public:
  virtual ~ScratchFile() = default;
  virtual Status WriteAt(int64_t offset, const void* data, int64_t length) = 0;
  virtual Status ReadAt(int64_t offset, int64_t length, void* out) = 0;
  // A hint: these bytes are not needed soon, so that they need not stay in the page cache. Starts
  // writing them back.
  virtual void DropCache(int64_t offset, int64_t length) {}
};

// An advisory lock held on an open file (flock); released by the destructor or the process's end.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : uint8_t {
  kCreateNew,  // fails when it exists
  kTruncate,   // creates or empties
  kAppend,     // creates or continues
};

enum class RenameMode : uint8_t {
  kReplace,
  kNoReplace,  // fails with IsAlreadyExists when the target exists
  kExchange,  // swaps both names atomically; fails with IsNotSupported where the file system cannot
};

// Makes all that was written to one file system durable at once: its files, whoever wrote them, and
// its directories. Threads: one.
class FileSystemSync {
 public:
  virtual ~FileSystemSync() = default;
  // Fails also for a write that failed behind the writer's back since this object was made.
  virtual Status Sync() = 0;
};

class Env {
 public:
  virtual ~Env() = default;
  static Env* Default();

  virtual Result<std::unique_ptr<RandomReadFile>> OpenForRead(const std::string& path) = 0;
  // A read that waits for data asks `stopped` every 100 ms and ends as cancelled when it says so.
  virtual Result<std::unique_ptr<SequentialReadFile>> OpenStandardInput(
      std::function<bool()> stopped) = 0;
  virtual Result<std::unique_ptr<WritableFile>> OpenForWrite(const std::string& path,
                                                             OpenMode mode) = 0;
  virtual Result<std::unique_ptr<ScratchFile>> OpenScratch(const std::string& directory) = 0;

  // Follows symlinks. nullopt when there is nothing at `path`.
  virtual Result<std::optional<FileStat>> Stat(const std::string& path) = 0;
  virtual Result<std::optional<FileStat>> StatNoFollow(const std::string& path) = 0;
  // Names without "." and "..", sorted bytewise.
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& directory) = 0;
  virtual Result<std::string> RealPath(const std::string& path) = 0;
  // The text of a symbolic link, which may lead nowhere. An Env without symbolic links need not
  // implement it.
  virtual Result<std::string> ReadLink(const std::string& path);

  virtual Status CreateDirectory(const std::string& path) = 0;  // OK when it is one already
  virtual Status RemoveFile(const std::string& path) = 0;       // OK when absent
  virtual Status RemoveDirectory(const std::string& path) = 0;  // empty ones; OK when absent
  virtual Status Rename(const std::string& from, const std::string& to, RenameMode mode) = 0;
  virtual Status HardLink(const std::string& from, const std::string& to) = 0;
  // Makes `to` as a file of its own that shares the blocks of `from` until one of them is written
  // to. IsNotSupported, with nothing left, where the file system cannot.
  virtual Status CloneFile(const std::string& from, const std::string& to);
  virtual Status SyncDirectory(const std::string& path) = 0;
  // Makes the content of a file durable that somebody else wrote.
  virtual Status SyncFile(const std::string& path) = 0;
  // For the file system of `directory`; nullptr where such a sync cannot be relied on, as in every
  // Env that does not say otherwise.
  virtual Result<std::unique_ptr<FileSystemSync>> OpenFileSystemSync(const std::string& directory);
  // The permission bits of FileStat::mode; its other bits are ignored.
  virtual Status SetPermissions(const std::string& path, uint32_t mode) = 0;
  virtual Result<DiskSpace> Space(const std::string& path) = 0;
  // OK when this process may create and remove entries in `directory` (permissions, read-only
  // mounts).
  virtual Status CheckWritable(const std::string& directory) = 0;
  // Creates the file if needed. nullptr when another process holds it; the holder writes its pid
  // and start into it. Fails with IsNotSupported where the file system has no locks.
  virtual Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) = 0;

  // Seconds since 1970, of the clock on the wall. Never fails.
  virtual std::time_t Now();

  // Helpers over the calls above.
  Status CreateDirectories(const std::string& path);
  Status RemoveTree(const std::string& path);
  Result<std::string> ReadWholeFile(const std::string& path, int64_t max_bytes);
  // Temp file in the same directory, Sync, rename over `path`, SyncDirectory.
  Status WriteFileDurably(const std::string& path, std::string_view content);
};

// Whether a failed Env status means "exists already" or "not supported here" (errno
// EEXIST/ENOTEMPTY, EINVAL/ENOSYS/EOPNOTSUPP/EXDEV).
bool IsAlreadyExists(const Status& status);
bool IsNotSupported(const Status& status);

// Path text, no I/O.
std::string JoinPath(std::string_view directory, std::string_view name);
std::string ParentPath(std::string_view path);  // "." for a bare name, "/" for a root child
std::string BaseName(std::string_view path);    // without trailing slashes

}  // namespace headrace
