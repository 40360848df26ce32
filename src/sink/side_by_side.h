// Work at the end of a sink, when no worker of the pipeline is left to do it.
#pragma once

#include <cstdint>
#include <functional>

#include "base/cancellation.h"
#include "memory/run_allowance.h"

namespace headrace {

struct SideBySideOptions {
  int threads = 1;
  Cancellation* cancellation = nullptr;
  const RunAllowance* allowance = nullptr;  // null: all threads, all the time
};

// Calls do_one(0) ... do_one(count - 1), each once, from the caller's thread and others, until one
// fails. Errors: the first one met; the reason of a cancelled run; OutOfMemory where do_one throws
// std::bad_alloc.
Status RunSideBySide(const SideBySideOptions& options, int64_t count,
                     const std::function<Status(int64_t)>& do_one);

}  // namespace headrace
