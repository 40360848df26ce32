#include "memory/process_memory.h"

#include <malloc.h>
#include <stdlib.h>

#include "env/process.h"

namespace headrace {

void ConfigureProcessAllocator() {
  // A few buffers inside Arrow's Parquet encoders ignore the pool they are given. Their default
  // allocator keeps tens of megabytes for itself; malloc, set up below, does not. An explicit
  // choice of the user stays.
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
  // Two arenas: enough to keep two workers apart; each arena retains what it once grew to.
  mallopt(M_ARENA_MAX, 2);
  // Buffers of a page or two of Parquet stay in the heap and are used again; larger ones are
  // mappings of their own and vanish when freed. Setting the threshold also stops glibc from
  // raising it to the size of whatever was freed last, which would turn big blocks into retained
  // heap.
  mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  mallopt(M_TOP_PAD, 256 * 1024);
}

int64_t MeasureBaseBytes() { return ReadRssBytes(); }

void ReturnHeapMemory() { malloc_trim(0); }

}  // namespace headrace
