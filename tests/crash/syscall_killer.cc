// Runs a command and kills it with SIGKILL where its n-th system call touches a directory, before
// that call happens.
//
//   syscall_killer --directory DIR --at N --report FILE [--list] -- COMMAND ARGUMENT...
//
// Follows threads and children. N counts from 1; 0 never kills. FILE gets one line of JSON: how
// many calls were seen, whether the command was killed, at which call and path, and how it ended.
// --list prints every call to standard error. Exit code: 0 when the command was run to its end or
// killed as asked, 77 when tracing is not allowed here, 2 otherwise.
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "crash/traced_syscalls.h"

namespace headrace {
namespace {

constexpr int kTracingRefused = 77;

struct KillerOptions {
  std::string directory;  // real path
  int64_t at = 0;
  std::string report;
  bool list = false;
  std::vector<char*> command;
};

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

class SyscallKiller {
 public:
  explicit SyscallKiller(KillerOptions options) : options_(std::move(options)) {}

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
    WriteReport();
    return 0;
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
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_ENTRY) {
      return false;
    }
    const TracedSyscall* call = FindTracedSyscall(info.entry.nr);
    if (call == nullptr) return false;
    const std::string path = TouchedPath(thread, *call, info.entry.args);
    if (path.empty()) return false;
    ++seen_;
    if (options_.list) {
      std::fprintf(stderr, "%lld %s %s\n", static_cast<long long>(seen_), call->name, path.c_str());
    }
    if (seen_ != options_.at) return false;
    killed_name_ = call->name;
    killed_path_ = path;
    // A call that is stopped at its entry is never made when the signal is there first.
    for (const pid_t victim : known_) ::kill(victim, SIGKILL);
    return true;
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
    out << "{\"seen\": " << seen_ << ", \"killed\": " << (killed_name_.empty() ? "false" : "true")
        << ", \"syscall\": \"" << killed_name_ << "\", \"path\": \"" << killed_path_
        << "\", \"exit_code\": " << exit_code << "}\n";
  }

  const KillerOptions options_;
  pid_t root_ = -1;
  std::set<pid_t> known_;
  int64_t seen_ = 0;
  int root_status_ = 0;
  std::string killed_name_;
  std::string killed_path_;
};

bool ParseOptions(int argc, char** argv, KillerOptions* options) {
  int i = 1;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
    const std::string name = argv[i];
    if (name == "--list") {
      options->list = true;
    } else if (i + 1 < argc && name == "--directory") {
      options->directory = argv[++i];
    } else if (i + 1 < argc && name == "--at") {
      options->at = std::strtoll(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && name == "--report") {
      options->report = argv[++i];
    } else {
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
  headrace::KillerOptions options;
  if (!headrace::ParseOptions(argc, argv, &options)) {
    std::fprintf(stderr,
                 "usage: syscall_killer --directory DIR --at N --report FILE [--list] -- COMMAND "
                 "ARGUMENT...\n");
    return 2;
  }
  return headrace::SyscallKiller(std::move(options)).Run();
}
