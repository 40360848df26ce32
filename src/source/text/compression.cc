#include "source/text/compression.h"

namespace headrace {
namespace {

using namespace std::string_view_literals;

// Frames that decoders pass over have the same mark in zstd and lz4: 0x184D2A5? little endian.
bool IsSkippableFrame(std::string_view bytes) {
  return bytes.size() >= 4 && (static_cast<uint8_t>(bytes[0]) & 0xf0) == 0x50 &&
         bytes.substr(1, 3) == "\x2a\x4d\x18"sv;
}

// The bytes after skippable frames, as far as these are there.
std::string_view AfterSkippableFrames(std::string_view bytes) {
  while (IsSkippableFrame(bytes) && bytes.size() >= 8) {
    uint64_t length = 8;
    for (size_t i = 0; i < 4; ++i)
      length += static_cast<uint64_t>(static_cast<uint8_t>(bytes[4 + i])) << (8 * i);
    if (length >= bytes.size()) break;
    bytes.remove_prefix(length);
  }
  return bytes;
}

bool StartsAsBzip2(std::string_view bytes) {
  return bytes.size() >= 10 && bytes.starts_with("BZh"sv) && bytes[3] >= '1' && bytes[3] <= '9' &&
         (bytes.substr(4, 6) == "\x31\x41\x59\x26\x53\x59"sv ||
          bytes.substr(4, 6) == "\x17\x72\x45\x38\x50\x90"sv);
}

}  // namespace

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kBzip2:
      return "bzip2";
    case Compression::kLz4:
      return "lz4";
    case Compression::kXz:
      return "xz";
  }
  return "?";
}

Result<Compression> DetectCompression(std::string_view first_bytes, const std::string& path) {
  if (first_bytes.starts_with("\x1f\x8b"sv)) return Compression::kGzip;
  if (StartsAsBzip2(first_bytes)) return Compression::kBzip2;
  if (first_bytes.starts_with("\xfd\x37\x7a\x58\x5a\x00"sv)) return Compression::kXz;
  const std::string_view frame = AfterSkippableFrames(first_bytes);
  if (frame.starts_with("\x04\x22\x4d\x18"sv) || frame.starts_with("\x02\x21\x4c\x18"sv))
    return Compression::kLz4;
  if (frame.starts_with("\x28\xb5\x2f\xfd"sv) || IsSkippableFrame(frame)) return Compression::kZstd;
  std::string_view name;
  if (first_bytes.starts_with("PK\x03\x04"sv)) name = "zip";
  if (first_bytes.starts_with("\x37\x7a\xbc\xaf\x27\x1c"sv)) name = "7z";
  if (!name.empty()) {
    return MakeError(ErrorKind::kBadInput, 420,
                     "archives are not read; unpack it, or use gzip, zstd, bzip2, lz4 or xz: {} "
                     "holds {} data (magic at byte 0)",
                     path, name);
  }
  return Compression::kNone;
}

int64_t DecompressorBytes(Compression compression, std::string_view first_bytes) {
  switch (compression) {
    case Compression::kNone:
      return 0;
    case Compression::kGzip:
      return GzipStreamBytes();
    case Compression::kZstd:
      return ZstdStreamBytes(AfterSkippableFrames(first_bytes));
    case Compression::kBzip2:
      return Bzip2StreamBytes(first_bytes);
    case Compression::kLz4:
      return Lz4StreamBytes(AfterSkippableFrames(first_bytes));
    case Compression::kXz:
      return XzStreamBytes(first_bytes);
  }
  return 0;
}

Result<std::unique_ptr<ByteStream>> OpenDecompressor(Compression compression,
                                                     std::unique_ptr<ByteStream> stored,
                                                     std::string path, arrow::MemoryPool* pool) {
  switch (compression) {
    case Compression::kNone:
      return stored;
    case Compression::kGzip:
      return OpenGzipStream(std::move(stored), std::move(path), pool);
    case Compression::kZstd:
      return OpenZstdStream(std::move(stored), std::move(path), pool);
    case Compression::kBzip2:
      return OpenBzip2Stream(std::move(stored), std::move(path), pool);
    case Compression::kLz4:
      return OpenLz4Stream(std::move(stored), std::move(path), pool);
    case Compression::kXz:
      return OpenXzStream(std::move(stored), std::move(path), pool);
  }
  return stored;
}

}  // namespace headrace
