// A thread beside the run: samples memory, reports progress, hears the user's wish to stop.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cancellation.h"
#include "headrace/job.h"
#include "headrace/run_report.h"
#include "runtime/resources.h"

namespace headrace {

struct ObserverOptions {
  RunMemory* memory = nullptr;
  Cancellation* cancellation = nullptr;
  const volatile int* stop_signal = nullptr;  // may be null
  ProgressCallback on_progress;               // may be empty
  std::function<Progress()> snapshot;  // fills in rows and bytes; the observer adds memory and time
};

// Role: looks ten times a second. When RSS comes near the budget it gives cached pages back. Frees
// nothing that is in use. Owner: the run; the destructor stops the thread. Threads: its own. Cost:
// one read of /proc/self/statm per look. Limits: at most kSamplesMax samples are kept; when full,
// every second one goes and the interval doubles.
class Observer {
 public:
  static constexpr size_t kSamplesMax = 512;

  explicit Observer(ObserverOptions options);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // Ends the thread after a last look and gives the samples. Once.
  std::vector<MemorySample> Stop();
  double seconds() const;
  // False when the system gave no thread: nothing is sampled and no stop signal is heard.
  bool watching() const { return !threads_.empty(); }

 private:
  void Loop();
  void Look();

  const ObserverOptions options_;
  const std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<MemorySample> samples_;  // of the thread, until it ended
  int64_t looks_ = 0;
  int64_t looks_per_sample_ = 1;
  std::vector<std::thread> threads_;  // one, or none where the system refused it
};

}  // namespace headrace
