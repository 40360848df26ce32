// Runs a command and lets its n-th system call on a directory meet a fault.
//
//   fault_tracer --directory DIR --at N --report FILE [--fault FAULT] [--list] -- COMMAND
//   ARGUMENT...
//
// FAULT, "kill" unless given:
//   kill       the process is killed before the call happens
//   eio        the call fails once, without effect
//   eio-after  the call happens, but its answer is EIO
//   eio-all    this call and every later one fail: the disk went away
//   enospc     this call and every later one that needs space fail
//   eintr      the call is interrupted once
//   short      a read or write is met in part
//   power      DIR's file system stops at once, without its journal; the process is killed
//   power-log  the same, after the journal's part in memory was written
//
// Counted are the calls that can meet the fault, of all threads and children, from 1; 0 disturbs
// nothing. With power and N one more than there are calls, the loss comes after the command's end.
// FILE gets one line of JSON: how many calls were seen, whether one met the fault, which and on
// what path, how the command ended and, with N = 0, how many calls can meet each fault. --list
// prints every call to standard error. Exit code: 0 when the command was run to its end or to the
// fault, 77 when tracing is not allowed here, 2 otherwise.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "crash/stopped_syscall.h"
#include "crash/traced_syscalls.h"

namespace headrace {
namespace {

constexpr int kTracingRefused = 77;

enum class Fault : uint8_t {
  kKill,
  kFailOnce,
  kFailAfterEffect,
  kFailFromHere,
  kNoSpace,
  kInterrupted,
  kShort,
  kPowerCut,
  kPowerCutAfterLog,
};
constexpr const char* kFaultNames[] = {"kill",  "eio",   "eio-after", "eio-all",  "enospc",
                                       "eintr", "short", "power",     "power-log"};

struct TracerOptions {
  std::string directory;  // real path
  int64_t at = 0;
  Fault fault = Fault::kKill;
  std::string report;
  bool list = false;
  std::vector<char*> command;

  bool cuts_power() const { return fault == Fault::kPowerCut || fault == Fault::kPowerCutAfterLog; }
};

// ext4 and XFS share the request: the file system takes no more writes, as if its disk were gone.
// Flag 1 lets the journal's part in memory reach the disk first, 2 does not.
bool ShutDownFileSystem(const std::string& directory, Fault fault) {
  constexpr unsigned long kShutdown = _IOR('X', 125, uint32_t);
  uint32_t flag = fault == Fault::kPowerCut ? 2 : 1;
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY);
  const bool done = descriptor >= 0 && ::ioctl(descriptor, kShutdown, &flag) == 0;
  if (!done) std::perror("shutdown of the file system");
  if (descriptor >= 0) ::close(descriptor);
  return done;
}

std::string ReadLink(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t length = ::readlink(path.c_str(), target, sizeof(target));
  return length < 0 ? "" : std::string(target, static_cast<size_t>(length));
}

// A string in the tracee's memory, read page by page because the next page may not be mapped.
std::string ReadString(pid_t thread, uint64_t address) {
  constexpr uint64_t kPageBytes = 4096;
  std::string text;
  while (text.size() < PATH_MAX) {
    char page[kPageBytes];
    const size_t length = kPageBytes - (address + text.size()) % kPageBytes;
    iovec local = {page, length};
    iovec remote = {reinterpret_cast<void*>(address + text.size()), length};
    const ssize_t count = ::process_vm_readv(thread, &local, 1, &remote, 1, 0);
    if (count <= 0) break;
    const void* end = std::memchr(page, '\0', static_cast<size_t>(count));
    if (end != nullptr) return text.append(page, static_cast<const char*>(end) - page);
    text.append(page, static_cast<size_t>(count));
  }
  return text;
}

class FaultTracer {
 public:
  explicit FaultTracer(TracerOptions options) : options_(std::move(options)) {}

  int Run() {
    root_ = ::fork();
    if (root_ == 0) RunCommand();
    int status = 0;
    if (::waitpid(root_, &status, 0) != root_) return 2;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kTracingRefused) return kTracingRefused;
    const long follow = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                        PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (::ptrace(PTRACE_SETOPTIONS, root_, nullptr, follow) != 0) return kTracingRefused;
    known_.insert(root_);
    ::ptrace(PTRACE_SYSCALL, root_, nullptr, nullptr);
    while (true) {
      const pid_t thread = ::waitpid(-1, &status, __WALL);
      if (thread < 0) break;
      OnStop(thread, status);
    }
    if (options_.cuts_power() && options_.at == seen_ + 1) {
      Meet("the end", options_.directory);
      broken_ |= !ShutDownFileSystem(options_.directory, options_.fault);
    }
    WriteReport();
    return broken_ ? 2 : 0;
  }

 private:
  [[noreturn]] void RunCommand() {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(kTracingRefused);
    ::raise(SIGSTOP);
    ::execvp(options_.command[0], options_.command.data());
    std::perror("execvp");
    ::_exit(127);
  }

  void OnStop(pid_t thread, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == root_) root_status_ = status;
      known_.erase(thread);
      answers_.erase(thread);
      return;
    }
    if (!WIFSTOPPED(status)) return;
    int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      if (OnSyscall(thread)) return;
      signal = 0;
    } else if (signal == SIGTRAP || (signal == SIGSTOP && known_.insert(thread).second)) {
      signal = 0;  // tracing's own stops: fork, clone, exec, and the first stop of a new thread
    }
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, static_cast<long>(signal));
  }

  // True when this was the call to die at.
  bool OnSyscall(pid_t thread) {
    __ptrace_syscall_info info = {};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0) return false;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) Answer(thread);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
    const TracedSyscall* call = FindTracedSyscall(info.entry.nr);
    if (call == nullptr) return false;
    const bool can_meet = CanMeet(options_.fault, *call, info.entry.args);
    // Undisturbed, all faults are asked for.
    if (!can_meet && options_.at != 0) return false;
    const std::string path = TouchedPath(thread, *call, info.entry.args);
    if (path.empty()) return false;
    for (size_t i = 0; i < std::size(kFaultNames); ++i) {
      seen_of_[i] += CanMeet(static_cast<Fault>(i), *call, info.entry.args) ? 1 : 0;
    }
    if (!can_meet) return false;
    ++seen_;
    if (options_.list) {
      std::fprintf(stderr, "%lld %s %s\n", static_cast<long long>(seen_), call->name, path.c_str());
    }
    const bool lasts = options_.fault == Fault::kFailFromHere || options_.fault == Fault::kNoSpace;
    if (options_.at == 0 || seen_ < options_.at || (seen_ > options_.at && !lasts)) return false;
    if (seen_ == options_.at) Meet(call->name, path);
    return Inflict(thread, info.entry.args[2]);
  }

  template <typename Arguments>
  static bool CanMeet(Fault fault, const TracedSyscall& call, const Arguments& args) {
    uint32_t traits = call.traits;
    if ((traits & kOpens) != 0) {
      const uint64_t flags = args[call.arguments == FileArguments::kAt ? 2 : 1];
      if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        traits |= kNeedsSpace | kChanges;
      }
    }
    switch (fault) {
      case Fault::kFailAfterEffect:
        return (traits & kChanges) != 0;
      case Fault::kNoSpace:
        return (traits & kNeedsSpace) != 0;
      case Fault::kInterrupted:
        return (traits & kInterruptible) != 0;
      case Fault::kShort:
        return (traits & kHasLength) != 0 && args[2] > 1;
      default:
        return true;
    }
  }

  void Meet(const char* name, const std::string& path) {
    met_name_ = name;
    met_path_ = path;
  }

  // True when the process is dead afterwards.
  bool Inflict(pid_t thread, uint64_t length) {
    StoppedRegisters registers;
    switch (options_.fault) {
      case Fault::kPowerCut:
      case Fault::kPowerCutAfterLog:
        broken_ |= !ShutDownFileSystem(options_.directory, options_.fault);
        [[fallthrough]];
      case Fault::kKill:
        // A call that is stopped at its entry is never made when the signal is there first.
        for (const pid_t victim : known_) ::kill(victim, SIGKILL);
        return true;
      case Fault::kFailAfterEffect:
        answers_[thread] = -EIO;
        return false;
      case Fault::kShort:
        broken_ |= !ReadRegisters(thread, &registers);
        SetLengthArgument(&registers, length / 2);
        broken_ |= !WriteRegisters(thread, &registers);
        return false;
      case Fault::kFailOnce:
      case Fault::kFailFromHere:
        answers_[thread] = -EIO;
        break;
      case Fault::kNoSpace:
        answers_[thread] = -ENOSPC;
        break;
      case Fault::kInterrupted:
        answers_[thread] = -EINTR;
        break;
    }
    broken_ |= !ReadRegisters(thread, &registers) || !SkipCall(thread, &registers);
    return false;
  }

  void Answer(pid_t thread) {
    const auto answer = answers_.find(thread);
    if (answer == answers_.end()) return;
    StoppedRegisters registers;
    broken_ |= !ReadRegisters(thread, &registers);
    SetResult(&registers, answer->second);
    broken_ |= !WriteRegisters(thread, &registers);
    answers_.erase(answer);
  }

  template <typename Arguments>
  std::string TouchedPath(pid_t thread, const TracedSyscall& call, const Arguments& args) const {
    switch (call.arguments) {
      case FileArguments::kPath:
        return IfInside(Resolve(thread, AT_FDCWD, args[0]));
      case FileArguments::kTwoPaths: {
        const std::string first = IfInside(Resolve(thread, AT_FDCWD, args[0]));
        return first.empty() ? IfInside(Resolve(thread, AT_FDCWD, args[1])) : first;
      }
      case FileArguments::kAt:
        return IfInside(Resolve(thread, static_cast<int>(args[0]), args[1]));
      case FileArguments::kTwoAt: {
        const std::string first = IfInside(Resolve(thread, static_cast<int>(args[0]), args[1]));
        return first.empty() ? IfInside(Resolve(thread, static_cast<int>(args[2]), args[3]))
                             : first;
      }
      case FileArguments::kDescriptor:
        return IfInside(DescriptorPath(thread, static_cast<int>(args[0])));
    }
    return "";
  }

  static std::string DescriptorPath(pid_t thread, int descriptor) {
    const std::string process = "/proc/" + std::to_string(thread);
    return descriptor == AT_FDCWD ? ReadLink(process + "/cwd")
                                  : ReadLink(process + "/fd/" + std::to_string(descriptor));
  }

  static std::string Resolve(pid_t thread, int directory, uint64_t address) {
    const std::string path = ReadString(thread, address);
    if (path.starts_with("/")) return path;
    const std::string base = DescriptorPath(thread, directory);
    return path.empty() ? base : base + "/" + path;
  }

  std::string IfInside(std::string path) const {
    const std::string& directory = options_.directory;
    const bool inside = path == directory || path.starts_with(directory + "/");
    return inside ? path : "";
  }

  void WriteReport() const {
    std::ofstream out(options_.report);
    const int exit_code = WIFEXITED(root_status_) ? WEXITSTATUS(root_status_) : -1;
    out << "{\"seen\": " << seen_ << ", \"met\": " << (met_name_.empty() ? "false" : "true")
        << ", \"syscall\": \"" << met_name_ << "\", \"path\": \"" << met_path_
        << "\", \"exit_code\": " << exit_code << ", \"can_meet\": {";
    for (size_t i = 0; i < std::size(kFaultNames); ++i) {
      out << (i == 0 ? "" : ", ") << '"' << kFaultNames[i] << "\": " << seen_of_[i];
    }
    out << "}}\n";
  }

  const TracerOptions options_;
  pid_t root_ = -1;
  std::set<pid_t> known_;
  std::map<pid_t, int64_t> answers_;  // of calls under way, given at their end
  int64_t seen_ = 0;
  std::array<int64_t, std::size(kFaultNames)> seen_of_{};  // of every call that a fault could meet
  int root_status_ = 0;
  bool broken_ = false;  // a fault could not be inflicted as asked
  std::string met_name_;
  std::string met_path_;
};

bool ParseFault(const std::string& name, Fault* fault) {
  for (size_t i = 0; i < std::size(kFaultNames); ++i) {
    if (name != kFaultNames[i]) continue;
    *fault = static_cast<Fault>(i);
    return true;
  }
  return false;
}

bool ParseOptions(int argc, char** argv, TracerOptions* options) {
  int i = 1;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    const std::string name = argv[i];
    if (name == "--list") {
      options->list = true;
    } else if (i + 1 >= argc) {
      return false;
    } else if (name == "--directory") {
      options->directory = argv[++i];
    } else if (name == "--at") {
      options->at = std::strtoll(argv[++i], nullptr, 10);
    } else if (name == "--report") {
      options->report = argv[++i];
    } else if (name != "--fault" || !ParseFault(argv[++i], &options->fault)) {
      return false;
    }
  }
  for (++i; i < argc; ++i) options->command.push_back(argv[i]);
  if (options->command.empty() || options->directory.empty() || options->report.empty()) {
    return false;
  }
  options->command.push_back(nullptr);
  char real[PATH_MAX];
  if (::realpath(options->directory.c_str(), real) == nullptr) return false;
  options->directory = real;
  return true;
}

}  // namespace
}  // namespace headrace

int main(int argc, char** argv) {
  headrace::TracerOptions options;
  if (!headrace::ParseOptions(argc, argv, &options)) {
    std::fprintf(
        stderr,
        "usage: fault_tracer --directory DIR --at N --report FILE [--fault FAULT] [--list] "
        "-- COMMAND ARGUMENT...\n");
    return 2;
  }
  return headrace::FaultTracer(std::move(options)).Run();
}
