// The process as an allocator sees it: settings of malloc, and what the process took before any
// work.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace headrace {

// Role: keeps memory that no pool sees small and steady. Limits malloc's arenas, fixes its
// thresholds so that freed memory goes back, stops background threads of allocators that come with
// libraries. For the command's own process, not for a host process that embeds the library. Call
// before threads start.
void ConfigureProcessAllocator();

// RSS of this process now: the base of a budget when measured before the first run.
int64_t MeasureBaseBytes();

// Gives freed heap memory back to the kernel (malloc_trim).
void ReturnHeapMemory();

}  // namespace headrace
