#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "env/file_descriptor.h"
#include "observe/alert_targets.h"

extern char** environ;  // NOLINT: POSIX wants it declared by its users

namespace headrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLookInterval = std::chrono::milliseconds(10);
constexpr auto kReapTime = std::chrono::seconds(1);

// The text as a file to be read: unlike a pipe it takes no writer, and a command that does not read
// costs nothing. Closed on exec; the descriptor that the child gets is a copy.
FileDescriptor TextFile(const std::string& text) {
  FileDescriptor file(::memfd_create("headrace-alert", MFD_CLOEXEC));
  size_t written = 0;
  while (file.is_open() && written < text.size()) {
    const ssize_t count = RetryInterrupted(
        [&] { return ::write(file.get(), text.data() + written, text.size() - written); });
    if (count <= 0) return {};
    written += static_cast<size_t>(count);
  }
  if (file.is_open() && ::lseek(file.get(), 0, SEEK_SET) != 0) return {};
  return file;
}

// Role: what posix_spawn is given. Frees it.
class SpawnSettings {
 public:
  explicit SpawnSettings(int input) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // A group of its own, so that it can be killed whole and Ctrl-C does not reach it; signals as a
    // shell expects them.
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGCHLD}) {
      sigaddset(&signals, signal);
    }
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Whether the child ended before the deadline. A host program that takes the exit codes of all
// children leaves us none: that counts as a good end.
bool WaitForEnd(pid_t child, Clock::time_point deadline, const std::atomic<bool>* stop,
                int* wait_status) {
  *wait_status = 0;
  for (;;) {
    const pid_t ended = RetryInterrupted([&] { return ::waitpid(child, wait_status, WNOHANG); });
    if (ended != 0) return true;
    if (Clock::now() >= deadline || (stop != nullptr && stop->load())) return false;
    std::this_thread::sleep_for(kLookInterval);
  }
}

}  // namespace

Attempt RunAlertCommand(const std::string& command, const std::string& json,
                        const AttemptLimits& limits) {
  const FileDescriptor input = TextFile(json + "\n");
  if (!input.is_open()) return {AttemptResult::kRefused, "its input could not be made"};
  const SpawnSettings settings(input.get());
  std::string text = command;
  char shell[] = "sh";
  char option[] = "-c";
  char* const arguments[] = {shell, option, text.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawn(&child, "/bin/sh", settings.actions(), settings.attributes(),
                                  arguments, environ);
  if (error != 0) {
    return {AttemptResult::kRefused,
            fmt::format("it could not be started: {}", std::system_category().message(error))};
  }
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(limits.seconds));
  int wait_status = 0;
  if (!WaitForEnd(child, deadline, limits.stop, &wait_status)) {
    ::kill(-child, SIGKILL);
    WaitForEnd(child, Clock::now() + kReapTime, nullptr, &wait_status);
    return {AttemptResult::kRefused, "it took too long and was stopped"};
  }
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return {};
  return {AttemptResult::kRefused,
          WIFEXITED(wait_status)
              ? fmt::format("it ended with exit code {}", WEXITSTATUS(wait_status))
              : fmt::format("it was ended by signal {}", WTERMSIG(wait_status))};
}

}  // namespace headrace
