// ReadAheadStream: decompression on a thread of its own, while others parse.
#pragma once

#include <arrow/memory_pool.h>

#include <functional>
#include <memory>

#include "source/text/byte_stream.h"

namespace headrace {

// Reads `stream` ahead on its own thread, through a ring of kReadAheadBytes from the pool. The
// first kDirectBytes are read by the caller itself: small texts and looks at a start cost no
// thread. Where the pool has no room for the ring, or the system no thread, all is read directly.
//
// Role: overlaps unpacking with what consumes it. Owner: a block reader; the wrapped stream belongs
// to the thread while it runs. Threads: Read from one at a time. A wait always ends: the thread
// waits for room or for its stream, the reader for bytes or the thread's end; the destructor wakes
// the thread, calls `interrupt` (may be empty), which ends a wait of the stream, and joins. Errors:
// those of the wrapped stream, after the bytes before them.
std::unique_ptr<ByteStream> ReadAhead(std::unique_ptr<ByteStream> stream,
                                      std::function<void()> interrupt, arrow::MemoryPool* pool);

inline constexpr int64_t kReadAheadBytes = 512 * 1024;

}  // namespace headrace
