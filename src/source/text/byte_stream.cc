#include "source/text/byte_stream.h"

#include <algorithm>

namespace headrace {

std::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
  }
  return "?";
}

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

Result<Compression> DetectCompression(std::string_view first_bytes, const std::string& path) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1f\x8b"sv)) return Compression::kGzip;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::kZstd;
  // A skippable zstd frame: 0x184D2A5? little endian.
  if (first_bytes.size() >= 4 && (static_cast<uint8_t>(first_bytes[0]) & 0xf0) == 0x50 &&
      first_bytes.substr(1, 3) == "\x2a\x4d\x18"sv) {
    return Compression::kZstd;
  }
  std::string_view name;
  if (first_bytes.starts_with("BZh"sv)) name = "bzip2";
  if (first_bytes.starts_with("\xfd"
                              "7zXZ"sv))
    name = "xz";
  if (first_bytes.starts_with("\x04\x22\x4d\x18"sv)) name = "lz4";
  if (first_bytes.starts_with("PK\x03\x04"sv)) name = "zip";
  if (!name.empty()) {
    return MakeError(ErrorKind::kBadInput, 420,
                     "this compression is not supported; decompress the file or use gzip or zstd: "
                     "{} holds {} data "
                     "(magic at byte 0)",
                     path, name);
  }
  return Compression::kNone;
}

}  // namespace headrace
