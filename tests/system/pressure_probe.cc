// A host program with a MemoryMonitor, for test_pressure.py. Writes every change of the level as a
// line, and grows or shrinks its anonymous memory as stdin says:
//   grow BYTES | shrink BYTES | report | quit
// Lines of its own: "transition LEVEL CAUSE", "holds BYTES", "reading LEVEL SHARE THRESHOLD CPU
// WALL USED_OF" (CPU and wall in seconds, of the whole process), "error TEXT". Ends with stdin,
// too.
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "headrace/memory_monitor.h"

namespace {

constexpr int64_t kBlockBytes = 4 << 20;

// Lines come from two threads and are read one by one.
void Say(const std::string& line) {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  std::cout << line << std::endl;
}

class Ballast {
 public:
  ~Ballast() { Shrink(static_cast<int64_t>(blocks_.size()) * kBlockBytes); }

  bool Grow(int64_t bytes) {
    for (; bytes > 0; bytes -= kBlockBytes) {
      void* block =
          mmap(nullptr, kBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block == MAP_FAILED) return false;
      std::memset(block, 1, kBlockBytes);  // resident, each page
      blocks_.push_back(block);
    }
    return true;
  }
  void Shrink(int64_t bytes) {
    for (; bytes > 0 && !blocks_.empty(); bytes -= kBlockBytes) {
      munmap(blocks_.back(), kBlockBytes);
      blocks_.pop_back();
    }
  }
  int64_t bytes() const { return static_cast<int64_t>(blocks_.size()) * kBlockBytes; }

 private:
  std::vector<void*> blocks_;
};

double CpuSeconds() {
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

std::string ReadingLine(const headrace::MemoryMonitor& monitor,
                        std::chrono::steady_clock::time_point start) {
  const headrace::MemoryMonitorReadings read = monitor.readings();
  std::ostringstream line;
  line << "reading " << headrace::PressureLevelName(read.level) << ' ' << read.used_share << ' '
       << headrace::GetDynamicStreamingThreshold() << ' ' << CpuSeconds() << ' '
       << std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() << ' '
       << read.used_of;
  return line.str();
}

}  // namespace

int main() {
  headrace::MemoryMonitorOptions options;
  options.on_pressure = [](headrace::PressureLevel level, const std::string& cause) {
    Say("transition " + std::string(headrace::PressureLevelName(level)) + " " + cause);
    throw std::runtime_error("a callback that fails must not end the monitor");
  };
  const auto start = std::chrono::steady_clock::now();
  auto monitor = headrace::MemoryMonitor::Start(options);
  if (!monitor.ok()) {
    Say("error " + monitor.status().ToString());
    return 1;
  }
  Say(ReadingLine(**monitor, start));
  Ballast ballast;
  std::string command;
  while (std::cin >> command && command != "quit") {
    int64_t bytes = 0;
    if (command == "report") {
      Say(ReadingLine(**monitor, start));
    } else if (command == "grow" && std::cin >> bytes) {
      Say(ballast.Grow(bytes) ? "holds " + std::to_string(ballast.bytes())
                              : std::string("error mmap: ") + std::strerror(errno));
    } else if (command == "shrink" && std::cin >> bytes) {
      ballast.Shrink(bytes);
      Say("holds " + std::to_string(ballast.bytes()));
    } else {
      Say("error unknown command: " + command);
      return 2;
    }
  }
  return 0;
}
