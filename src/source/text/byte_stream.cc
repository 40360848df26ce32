#include "source/text/byte_stream.h"

#include <algorithm>

namespace headrace {

Result<int64_t> ReadFully(ByteStream* stream, int64_t length, uint8_t* out) {
  int64_t done = 0;
  while (done < length) {
    ARROW_ASSIGN_OR_RAISE(int64_t count, stream->Read(length - done, out + done));
    if (count == 0) break;
    done += count;
  }
  return done;
}

Status SkipBytes(ByteStream* stream, int64_t length, uint8_t* scratch, int64_t scratch_bytes) {
  while (length > 0) {
    ARROW_ASSIGN_OR_RAISE(int64_t count, stream->Read(std::min(length, scratch_bytes), scratch));
    if (count == 0) break;
    length -= count;
  }
  return Status::OK();
}

}  // namespace headrace
