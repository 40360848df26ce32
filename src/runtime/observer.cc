#include "runtime/observer.h"

#include <csignal>

#include "base/status.h"
#include "base/threads.h"

namespace headrace {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);

}  // namespace

Observer::Observer(ObserverOptions options) : options_(std::move(options)) {
  StartThread(&threads_, [this] { Loop(); });
}

Observer::~Observer() { Stop(); }

void Observer::Stop() {
  if (!watching()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  threads_.front().join();
  threads_.clear();
}

double Observer::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - options_.start).count();
}

void Observer::Loop() {
  for (bool last = false; !last;) {
    {
      std::unique_lock lock(mutex_);
      last = wake_.wait_for(lock, kInterval, [&] { return stopping_; });
    }
    Look(last);
  }
}

void Observer::Look(bool last) {
  if (options_.stop_signal != nullptr && *options_.stop_signal != 0) {
    const int signal = *options_.stop_signal;
    options_.cancellation->Cancel(MakeError(
        ErrorKind::kCancelled, signal == SIGTERM ? kTerminatedCode : kInterruptedCode,
        "stopped by {}; nothing was published", signal == SIGTERM ? "SIGTERM" : "SIGINT"));
  }
  // Whoever listens is code of the calling program, and nobody would catch here.
  try {
    options_.look(seconds(), last);
  } catch (...) {  // NOLINT(bugprone-empty-catch): said in the header
  }
}

}  // namespace headrace
