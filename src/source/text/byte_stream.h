// ByteStream: the bytes of one text input in order, after decompression.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace headrace {

// Role: hands out text bytes in order, once. Owner: a block reader. Threads: one at a time.
// Errors: Source when the input cannot be read, BadInput when compressed data is damaged or cut
// short, OutOfMemory when the pool cannot hold a codec's window.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Reads up to `length` bytes (at least one unless the text is at its end); 0 at the end.
  virtual Result<int64_t> Read(int64_t length, uint8_t* out) = 0;
  // Bytes of the stored (possibly compressed) input taken so far: for progress.
  virtual int64_t stored_bytes_read() const = 0;
};

// Reads until `length` bytes are there or the text ends. Returns the count.
Result<int64_t> ReadFully(ByteStream* stream, int64_t length, uint8_t* out);

// Reads and drops `length` bytes, using `scratch`. Fewer only at the end of the text.
Status SkipBytes(ByteStream* stream, int64_t length, uint8_t* scratch, int64_t scratch_bytes);

}  // namespace headrace
