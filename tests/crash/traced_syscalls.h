// The system calls that name files, and in which arguments they do.
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

struct TracedSyscall {
  int64_t number;
  const char* name;
  FileArguments arguments;
};

#define HEADRACE_TRACED(name, arguments) \
  TracedSyscall { SYS_##name, #name, FileArguments::arguments }

inline constexpr TracedSyscall kTracedSyscalls[] = {
    HEADRACE_TRACED(openat, kAt),
    HEADRACE_TRACED(mkdirat, kAt),
    HEADRACE_TRACED(unlinkat, kAt),
    HEADRACE_TRACED(renameat2, kTwoAt),
    HEADRACE_TRACED(linkat, kTwoAt),
    HEADRACE_TRACED(newfstatat, kAt),
    HEADRACE_TRACED(statx, kAt),
    HEADRACE_TRACED(faccessat, kAt),
    HEADRACE_TRACED(faccessat2, kAt),
    HEADRACE_TRACED(readlinkat, kAt),
    HEADRACE_TRACED(fchmodat, kAt),
    HEADRACE_TRACED(utimensat, kAt),
    HEADRACE_TRACED(statfs, kPath),
    HEADRACE_TRACED(truncate, kPath),
#ifdef SYS_open  // The older forms, which some architectures never had.
    HEADRACE_TRACED(open, kPath),
    HEADRACE_TRACED(creat, kPath),
    HEADRACE_TRACED(mkdir, kPath),
    HEADRACE_TRACED(rmdir, kPath),
    HEADRACE_TRACED(unlink, kPath),
    HEADRACE_TRACED(rename, kTwoPaths),
    HEADRACE_TRACED(renameat, kTwoAt),
    HEADRACE_TRACED(link, kTwoPaths),
    HEADRACE_TRACED(stat, kPath),
    HEADRACE_TRACED(lstat, kPath),
    HEADRACE_TRACED(access, kPath),
    HEADRACE_TRACED(readlink, kPath),
    HEADRACE_TRACED(chmod, kPath),
#endif
    HEADRACE_TRACED(read, kDescriptor),
    HEADRACE_TRACED(pread64, kDescriptor),
    HEADRACE_TRACED(write, kDescriptor),
    HEADRACE_TRACED(pwrite64, kDescriptor),
    HEADRACE_TRACED(writev, kDescriptor),
    HEADRACE_TRACED(pwritev, kDescriptor),
    HEADRACE_TRACED(fsync, kDescriptor),
    HEADRACE_TRACED(fdatasync, kDescriptor),
    HEADRACE_TRACED(sync_file_range, kDescriptor),
    HEADRACE_TRACED(syncfs, kDescriptor),
    HEADRACE_TRACED(fstat, kDescriptor),
    HEADRACE_TRACED(fstatfs, kDescriptor),
    HEADRACE_TRACED(ftruncate, kDescriptor),
    HEADRACE_TRACED(fallocate, kDescriptor),
    HEADRACE_TRACED(fadvise64, kDescriptor),
    HEADRACE_TRACED(flock, kDescriptor),
    HEADRACE_TRACED(fchmod, kDescriptor),
    HEADRACE_TRACED(getdents64, kDescriptor),
    HEADRACE_TRACED(close, kDescriptor),
};

#undef HEADRACE_TRACED

inline const TracedSyscall* FindTracedSyscall(uint64_t number) {
  for (const TracedSyscall& syscall : kTracedSyscalls) {
    if (static_cast<uint64_t>(syscall.number) == number) return &syscall;
  }
  return nullptr;
}

}  // namespace headrace
