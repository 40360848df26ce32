// A thread beside the run: has the governor look, tells who listens, hears the user's wish to stop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cancellation.h"

namespace headrace {

struct ObserverOptions {
  Cancellation* cancellation = nullptr;
  const volatile int* stop_signal = nullptr;  // may be null
  std::chrono::steady_clock::time_point start;
  // `seconds` since then; `last`: the run has ended.
  std::function<void(double seconds, bool last)> look;
};

// Role: looks ten times a second, and once more when it is stopped. Owner: the run; the destructor
// stops the thread. Threads: its own. What a look throws ends nothing but that look.
class Observer {
 public:
  explicit Observer(ObserverOptions options);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // Ends the thread after a last look. Once more is fine.
  void Stop();
  double seconds() const;
  // False when the system gave no thread: nothing is sampled and no stop signal is heard.
  bool watching() const { return !threads_.empty(); }

 private:
  void Loop();
  void Look(bool last);

  const ObserverOptions options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // one, or none where the system refused it
};

}  // namespace headrace
