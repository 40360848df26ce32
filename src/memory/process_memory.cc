#include "memory/process_memory.h"

#include <malloc.h>

#include "env/process.h"

namespace headrace {

void ConfigureProcessAllocator() {
  // Two arenas: enough to keep two workers apart; each arena retains what it once grew to.
  mallopt(M_ARENA_MAX, 2);
  // Blocks from 256 KiB on are mappings of their own and vanish when freed; setting it also stops glibc from raising
  // the threshold to the size of whatever was freed last, which would turn big blocks into retained heap.
  mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  mallopt(M_TOP_PAD, 256 * 1024);
}

int64_t MeasureBaseBytes() { return ReadRssBytes(); }

void ReturnHeapMemory() { malloc_trim(0); }

}  // namespace headrace
