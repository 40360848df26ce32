#include "sink/side_by_side.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "base/threads.h"
#include "sink/out_of_memory.h"

namespace headrace {
namespace {

// On a helper thread nobody would catch it.
Status DoOne(const std::function<Status(int64_t)>& do_one, int64_t at) {
  try {
    return do_one(at);
  } catch (const std::bad_alloc&) {
    return OutOfSinkMemory("the rows that are left at the end");
  }
}

}  // namespace

Status RunSideBySide(const SideBySideOptions& options, int64_t count,
                     const std::function<Status(int64_t)>& do_one) {
  std::atomic<int64_t> next{0};
  std::mutex mutex;
  Status first_failure;
  const auto work = [&](int index) {
    for (;;) {
      if (options.allowance != nullptr) {
        options.allowance->RestWhileUnwanted(
            index, [&] { return next >= count || options.cancellation->cancelled(); });
      }
      const int64_t at = next++;
      if (at >= count) return;
      Status status = options.cancellation->Check();
      if (status.ok()) status = DoOne(do_one, at);
      if (status.ok()) continue;
      std::lock_guard lock(mutex);
      if (first_failure.ok()) first_failure = std::move(status);
      next = count;
    }
  };
  std::vector<std::thread> helpers;
  const int64_t threads = std::min<int64_t>(options.threads, count);
  helpers.reserve(static_cast<size_t>(threads));
  for (int64_t i = 1; i < threads; ++i) {
    if (!StartThread(&helpers, [&work, i] { work(static_cast<int>(i)); })) break;
  }
  work(0);
  for (auto& helper : helpers) helper.join();
  return first_failure;
}

}  // namespace headrace
