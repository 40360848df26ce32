// The system calls that name files, in which arguments they do, and what can go wrong with them.
#pragma once

#include <sys/syscall.h>

#include <array>
#include <cstdint>

namespace headrace {

// Where a call names its files: a path, a directory's descriptor and a path below it, or a
// descriptor.
enum class FileArguments : uint8_t {
  kPath,        // arg 0
  kTwoPaths,    // args 0 and 1
  kAt,          // descriptor 0, path 1
  kTwoAt,       // descriptor 0, path 1, descriptor 2, path 3
  kDescriptor,  // arg 0
};

// What a call can meet beside EIO and the end of its process.
enum CallTrait : uint32_t {
  kPlain = 0,
  kChanges = 1,        // its effect can be there although its answer was lost
  kNeedsSpace = 2,     // ENOSPC; an open only when it creates
  kInterruptible = 4,  // EINTR
  kHasLength = 8,      // argument 2 is a length that may be met in part
  kOpens = 16,         // needs space, and changes, only when its flags say so
};

struct TracedSyscall {
  int64_t number;
  const char* name;
  FileArguments arguments;
  uint32_t traits;
};

#define HEADRACE_TRACED(name, arguments, traits) \
  TracedSyscall { SYS_##name, #name, FileArguments::arguments, traits }

inline constexpr TracedSyscall kTracedSyscalls[] = {
    HEADRACE_TRACED(openat, kAt, kOpens | kInterruptible),
    HEADRACE_TRACED(mkdirat, kAt, kChanges | kNeedsSpace),
    HEADRACE_TRACED(unlinkat, kAt, kChanges),
    HEADRACE_TRACED(renameat2, kTwoAt, kChanges | kNeedsSpace),
    HEADRACE_TRACED(linkat, kTwoAt, kChanges | kNeedsSpace),
    HEADRACE_TRACED(newfstatat, kAt, kPlain),
    HEADRACE_TRACED(statx, kAt, kPlain),
    HEADRACE_TRACED(faccessat, kAt, kPlain),
    HEADRACE_TRACED(faccessat2, kAt, kPlain),
    HEADRACE_TRACED(readlinkat, kAt, kPlain),
    HEADRACE_TRACED(fchmodat, kAt, kChanges),
    HEADRACE_TRACED(utimensat, kAt, kChanges),
    HEADRACE_TRACED(statfs, kPath, kPlain),
    HEADRACE_TRACED(truncate, kPath, kChanges | kInterruptible),
#ifdef SYS_open  // The older forms, which some architectures never had.
    HEADRACE_TRACED(open, kPath, kOpens | kInterruptible),
    HEADRACE_TRACED(creat, kPath, kChanges | kNeedsSpace | kInterruptible),
    HEADRACE_TRACED(mkdir, kPath, kChanges | kNeedsSpace),
    HEADRACE_TRACED(rmdir, kPath, kChanges),
    HEADRACE_TRACED(unlink, kPath, kChanges),
    HEADRACE_TRACED(rename, kTwoPaths, kChanges | kNeedsSpace),
    HEADRACE_TRACED(renameat, kTwoAt, kChanges | kNeedsSpace),
    HEADRACE_TRACED(link, kTwoPaths, kChanges | kNeedsSpace),
    HEADRACE_TRACED(stat, kPath, kPlain),
    HEADRACE_TRACED(lstat, kPath, kPlain),
    HEADRACE_TRACED(access, kPath, kPlain),
    HEADRACE_TRACED(readlink, kPath, kPlain),
    HEADRACE_TRACED(chmod, kPath, kChanges),
#endif
    HEADRACE_TRACED(read, kDescriptor, kInterruptible | kHasLength),
    HEADRACE_TRACED(pread64, kDescriptor, kInterruptible | kHasLength),
    HEADRACE_TRACED(write, kDescriptor, kChanges | kNeedsSpace | kInterruptible | kHasLength),
    HEADRACE_TRACED(pwrite64, kDescriptor, kChanges | kNeedsSpace | kInterruptible | kHasLength),
    HEADRACE_TRACED(writev, kDescriptor, kChanges | kNeedsSpace | kInterruptible),
    HEADRACE_TRACED(pwritev, kDescriptor, kChanges | kNeedsSpace | kInterruptible),
    // Space that was only promised is missing at the fsync.
    HEADRACE_TRACED(fsync, kDescriptor, kChanges | kNeedsSpace | kInterruptible),
    HEADRACE_TRACED(fdatasync, kDescriptor, kChanges | kNeedsSpace | kInterruptible),
    HEADRACE_TRACED(sync_file_range, kDescriptor, kNeedsSpace),
    HEADRACE_TRACED(syncfs, kDescriptor, kChanges | kNeedsSpace),
    HEADRACE_TRACED(fstat, kDescriptor, kPlain),
    HEADRACE_TRACED(fstatfs, kDescriptor, kPlain),
    HEADRACE_TRACED(ftruncate, kDescriptor, kChanges | kInterruptible),
    HEADRACE_TRACED(fallocate, kDescriptor, kNeedsSpace | kInterruptible),
    HEADRACE_TRACED(fadvise64, kDescriptor, kPlain),
    HEADRACE_TRACED(flock, kDescriptor, kInterruptible),
    HEADRACE_TRACED(fchmod, kDescriptor, kChanges),
    HEADRACE_TRACED(getdents64, kDescriptor, kPlain),
    HEADRACE_TRACED(close, kDescriptor, kPlain),
};

#undef HEADRACE_TRACED

inline const TracedSyscall* FindTracedSyscall(uint64_t number) {
  for (const TracedSyscall& syscall : kTracedSyscalls) {
    if (static_cast<uint64_t>(syscall.number) == number) return &syscall;
  }
  return nullptr;
}

}  // namespace headrace
