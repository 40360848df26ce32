// Compression: how a stored text is packed, and the streams that unpack it.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "source/text/byte_stream.h"

namespace headrace {

enum class Compression : uint8_t { kNone, kGzip, kZstd, kBzip2, kLz4, kXz };

std::string_view CompressionName(Compression compression);

// What the first bytes of an input say (64 are enough). BadInput for packed data that is recognised
// but not read (zip, 7z).
Result<Compression> DetectCompression(std::string_view first_bytes, const std::string& path);

// Memory that a decompressor takes beyond the block it fills, as far as the first bytes tell (64
// are enough). A later frame or stream may want a larger window: the pool gives it or refuses.
int64_t DecompressorBytes(Compression compression, std::string_view first_bytes);

// Wraps `stored`, whose bytes are packed; kNone gives it back as it is. Any number of members,
// frames or streams one after the other make one text; zero bytes after the last one are padding,
// anything else there is damage. `path` is for messages. Memory comes from `pool`.
Result<std::unique_ptr<ByteStream>> OpenDecompressor(Compression compression,
                                                     std::unique_ptr<ByteStream> stored,
                                                     std::string path, arrow::MemoryPool* pool);

// One per file.
Result<std::unique_ptr<ByteStream>> OpenGzipStream(std::unique_ptr<ByteStream> stored,
                                                   std::string path, arrow::MemoryPool* pool);
Result<std::unique_ptr<ByteStream>> OpenZstdStream(std::unique_ptr<ByteStream> stored,
                                                   std::string path, arrow::MemoryPool* pool);
Result<std::unique_ptr<ByteStream>> OpenBzip2Stream(std::unique_ptr<ByteStream> stored,
                                                    std::string path, arrow::MemoryPool* pool);
Result<std::unique_ptr<ByteStream>> OpenLz4Stream(std::unique_ptr<ByteStream> stored,
                                                  std::string path, arrow::MemoryPool* pool);
Result<std::unique_ptr<ByteStream>> OpenXzStream(std::unique_ptr<ByteStream> stored,
                                                 std::string path, arrow::MemoryPool* pool);
int64_t GzipStreamBytes();
int64_t ZstdStreamBytes(std::string_view first_bytes);
int64_t Bzip2StreamBytes(std::string_view first_bytes);
int64_t Lz4StreamBytes(std::string_view first_bytes);
int64_t XzStreamBytes(std::string_view first_bytes);

}  // namespace headrace
