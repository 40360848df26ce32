#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include "base/units.h"
#include "spill/frame_header.h"
#include "spill/spill_area.h"

namespace headrace {
namespace {

int64_t TotalBytes(std::span<const BytesView> pieces) {
  int64_t bytes = 0;
  for (const BytesView& piece : pieces) bytes += static_cast<int64_t>(piece.size());
  return bytes;
}

uint64_t Checksum(std::span<const BytesView> pieces, uint32_t compressed) {
  XXH3_state_t state;
  // On the stack the state holds whatever was there: a reset would take a leftover of the same seed
  // for its own secret.
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset_withSeed(&state, compressed);
  for (const BytesView& piece : pieces) XXH3_64bits_update(&state, piece.data(), piece.size());
  return XXH3_64bits_digest(&state);
}

// LZ4's and zstd's worst case over incompressible bytes, generously.
int64_t CompressedBytesMax(int64_t raw_bytes) { return raw_bytes + raw_bytes / 128 + 1024; }

}  // namespace

int64_t SpillWriter::WorkspaceBytes(int64_t frame_bytes) {
  return frame_bytes + CompressedBytesMax(frame_bytes);
}

Result<std::unique_ptr<SpillWriter>> SpillWriter::Make(SpillArea* area, int64_t frame_bytes,
                                                       arrow::MemoryPool* pool) {
  std::unique_ptr<SpillWriter> writer(new SpillWriter(area, frame_bytes));
  if (area->codec_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(writer->gathered_, arrow::AllocateBuffer(frame_bytes, pool));
    ARROW_ASSIGN_OR_RAISE(writer->compressed_,
                          arrow::AllocateBuffer(CompressedBytesMax(frame_bytes), pool));
  }
  return writer;
}

// Empty when compressing does not pay.
Result<BytesView> SpillWriter::Compress(std::span<const BytesView> pieces, int64_t raw_bytes) {
  arrow::util::Codec* codec = area_->codec_.get();
  if (codec == nullptr || raw_bytes > frame_bytes_ || raw_bytes == 0) return BytesView();
  const uint8_t* input = pieces.front().data();
  if (pieces.size() > 1) {
    uint8_t* end = gathered_->mutable_data();
    for (const BytesView& piece : pieces) {
      if (!piece.empty()) std::memcpy(end, piece.data(), piece.size());
      end += piece.size();
    }
    input = gathered_->data();
  }
  if (codec->MaxCompressedLen(raw_bytes, input) > compressed_->size()) return BytesView();
  ARROW_ASSIGN_OR_RAISE(const int64_t length, codec->Compress(raw_bytes, input, compressed_->size(),
                                                              compressed_->mutable_data()));
  if (length > raw_bytes - raw_bytes / 8) return BytesView();
  return BytesView(compressed_->data(), static_cast<size_t>(length));
}

Result<SpillFrame> SpillWriter::Write(std::span<const BytesView> pieces) {
  const int64_t raw_bytes = TotalBytes(pieces);
  if (raw_bytes > SpillArea::kFrameBytesMax) {
    return MakeError(ErrorKind::kOutOfMemory, 712,
                     "a frame to spill is larger than {}; use smaller batches: {}",
                     FormatBytes(SpillArea::kFrameBytesMax), FormatBytes(raw_bytes));
  }
  ARROW_ASSIGN_OR_RAISE(const BytesView compressed, Compress(pieces, raw_bytes));
  std::span<const BytesView> payload = pieces;
  if (!compressed.empty()) payload = {&compressed, 1};
  SpillFrameHeader header;
  header.compressed = compressed.empty() ? 0 : 1;
  header.stored_bytes = static_cast<uint64_t>(TotalBytes(payload));
  header.raw_bytes = static_cast<uint64_t>(raw_bytes);
  header.checksum = Checksum(payload, header.compressed);
  const auto stored = static_cast<int64_t>(sizeof(header) + header.stored_bytes);
  ARROW_ASSIGN_OR_RAISE(const SpillArea::Place place, area_->Reserve(stored, raw_bytes));
  int64_t offset = place.frame.offset;
  ARROW_RETURN_NOT_OK(place.file->WriteAt(offset, &header, sizeof(header)));
  offset += static_cast<int64_t>(sizeof(header));
  for (const BytesView& piece : payload) {
    ARROW_RETURN_NOT_OK(
        place.file->WriteAt(offset, piece.data(), static_cast<int64_t>(piece.size())));
    offset += static_cast<int64_t>(piece.size());
  }
  place.file->DropCache(place.frame.offset, stored);
  return place.frame;
}

}  // namespace headrace
