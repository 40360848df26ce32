// BlockCodec: compresses blocks one at a time, with one context for all of them.
#pragma once

#include <arrow/util/compression.h>

#include <cstdint>
#include <memory>

#include "base/status.h"

namespace headrace {

// Bytes outside the pool that one context of the codec takes while it compresses a block, beyond
// those of zstd's usual levels (up to 3: about a MiB).
int64_t CodecContextBytes(arrow::Compression::type codec, int level, int64_t block_bytes);

// The library's own; null for UNCOMPRESSED. The level counts where the codec has levels.
Result<std::unique_ptr<arrow::util::Codec>> MakeLibraryCodec(arrow::Compression::type codec,
                                                             int level);

// Role: a codec whose state stays from block to block; the library's own makes a context for every
// block. Owner: one encoder. Threads: one. Errors: as the codec's.
class BlockCodec {
 public:
  // Null for UNCOMPRESSED.
  static Result<std::unique_ptr<BlockCodec>> Make(arrow::Compression::type codec, int level);
  ~BlockCodec();

  int64_t MaxCompressedBytes(int64_t bytes);
  // A whole frame (a gzip member, a block in the raw codecs). Returns its size.
  Result<int64_t> Compress(const uint8_t* data, int64_t bytes, uint8_t* out, int64_t out_bytes);

 private:
  struct ZstdContext;
  BlockCodec();
  std::unique_ptr<ZstdContext> zstd_;
  std::unique_ptr<arrow::util::Codec> other_;
};

}  // namespace headrace
