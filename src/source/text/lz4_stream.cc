// Frames are walked here, and only blocks are given to the library: so that every buffer comes from
// the pool and a message can say at which byte what is wrong.
#define XXH_INLINE_ALL
#include <lz4.h>
#include <xxhash.h>

#include <algorithm>

#include "source/text/compression.h"
#include "source/text/stored_window.h"

namespace headrace {
namespace {

constexpr uint32_t kFrameMagic = 0x184d2204;
constexpr uint32_t kLegacyMagic = 0x184c2102;
constexpr uint32_t kSkippableMagic = 0x184d2a50;  // the last four bits are free
constexpr uint32_t kStoredAsIs = 0x80000000;      // a block's length: the block is not compressed
constexpr int64_t kHistoryBytes = 64 * 1024;      // how far back a block may refer
constexpr int64_t kLegacyBlockBytes = 8 << 20;
constexpr int64_t kLargestBlockBytes = 4 << 20;
constexpr int64_t kFrameHeaderBytesMax = 15;

uint32_t LittleEndian(const uint8_t* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

// 64 KiB, 256 KiB, 1 MiB or 4 MiB by the descriptor's block size code; 0 for other codes.
int64_t BlockBytes(uint8_t descriptor) {
  const int code = descriptor >> 4 & 7;
  return code < 4 ? 0 : int64_t{1} << (8 + 2 * code);
}

struct FrameFlags {
  bool legacy = false;
  bool linked = false;
  bool block_checksums = false;
  bool content_checksum = false;
};

// Role: unpacks an lz4 file of any number of frames, legacy and skippable ones included; checks all
// checksums there are.
class Lz4Stream : public ByteStream {
 public:
  Lz4Stream(StoredWindow window, std::string path, arrow::MemoryPool* pool)
      : window_(std::move(window)), path_(std::move(path)), pool_(pool) {}

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    while (position_ == filled_) {
      if (!inside_frame_) {
        ARROW_ASSIGN_OR_RAISE(bool more, StartFrame());
        if (!more) return 0;
      } else {
        ARROW_RETURN_NOT_OK(flags_.legacy ? NextLegacyBlock() : NextBlock());
      }
    }
    const int64_t count = std::min(length, filled_ - position_);
    std::memcpy(out, text_->data() + position_, static_cast<size_t>(count));
    position_ += count;
    return count;
  }

  int64_t stored_bytes_read() const override { return window_.stored_bytes_read(); }

 private:
  // Whether another frame follows; false at the end of the file.
  Result<bool> StartFrame() {
    uint32_t magic = next_magic_;
    next_magic_ = 0;
    if (magic == 0) {
      ARROW_ASSIGN_OR_RAISE(bool more, frames_ > 0 ? window_.SkipPadding() : window_.Refill());
      if (!more) return false;
      ARROW_ASSIGN_OR_RAISE(magic, TakeWord());
    }
    ++frames_;
    if ((magic & 0xfffffff0) == kSkippableMagic) {
      ARROW_ASSIGN_OR_RAISE(uint32_t length, TakeWord());
      ARROW_RETURN_NOT_OK(Take(length, nullptr));
      return true;
    }
    flags_ = {};
    flags_.legacy = magic == kLegacyMagic;
    if (flags_.legacy) {
      ARROW_RETURN_NOT_OK(MakeRoom(kLegacyBlockBytes));
    } else if (magic == kFrameMagic) {
      ARROW_RETURN_NOT_OK(ReadDescriptor());
    } else {
      return Damaged("bytes that are not lz4 follow the compressed data");
    }
    inside_frame_ = true;
    position_ = filled_ = kHistoryBytes;
    history_bytes_ = 0;
    XXH32_reset(&content_hash_, 0);
    return true;
  }

  Status ReadDescriptor() {
    uint8_t header[kFrameHeaderBytesMax];
    ARROW_RETURN_NOT_OK(Take(2, header));
    const uint8_t flags = header[0];
    flags_.linked = (flags & 0x20) == 0;
    flags_.block_checksums = (flags & 0x10) != 0;
    flags_.content_checksum = (flags & 0x04) != 0;
    const bool has_dictionary = (flags & 0x01) != 0;
    const int64_t length = 2 + ((flags & 0x08) != 0 ? 8 : 0) + (has_dictionary ? 4 : 0);
    ARROW_RETURN_NOT_OK(Take(length - 2 + 1, header + 2));
    const uint32_t hash = XXH32(header, static_cast<size_t>(length), 0);
    const int64_t block_bytes = BlockBytes(header[1]);
    if (flags >> 6 != 1 || (flags & 0x02) != 0 || (header[1] & 0x8f) != 0 || block_bytes == 0 ||
        header[length] != (hash >> 8 & 0xff)) {
      return Damaged("invalid frame header");
    }
    if (has_dictionary) return Damaged("it was compressed with a dictionary, which is not here");
    return MakeRoom(block_bytes);
  }

  Status NextBlock() {
    KeepHistory();
    ARROW_ASSIGN_OR_RAISE(const uint32_t word, TakeWord());
    if (word == 0) return EndFrame();
    const bool stored = (word & kStoredAsIs) != 0;
    const int64_t length = word & ~kStoredAsIs;
    if (length > block_bytes_) return Damaged("a block is longer than its frame allows");
    uint8_t* packed = stored ? End() : packed_->mutable_data();
    ARROW_RETURN_NOT_OK(Take(length, packed));
    if (flags_.block_checksums) {
      ARROW_ASSIGN_OR_RAISE(const uint32_t expected, TakeWord());
      if (XXH32(packed, static_cast<size_t>(length), 0) != expected)
        return Damaged("a block's checksum differs");
    }
    int64_t count = length;
    if (!stored) {
      ARROW_ASSIGN_OR_RAISE(count, Unpack(length, flags_.linked ? history_bytes_ : 0));
    }
    if (flags_.content_checksum) XXH32_update(&content_hash_, End(), static_cast<size_t>(count));
    filled_ += count;
    return Status::OK();
  }

  Status NextLegacyBlock() {
    position_ = filled_ = kHistoryBytes;
    ARROW_ASSIGN_OR_RAISE(bool more, window_.Refill());
    if (!more) {
      inside_frame_ = false;
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const uint32_t word, TakeWord());
    // Legacy frames have no end mark: one ends where the next frame's magic stands, or padding.
    if (word > static_cast<uint32_t>(LZ4_compressBound(kLegacyBlockBytes)) || word == 0) {
      next_magic_ = word;
      inside_frame_ = false;
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(Take(word, packed_->mutable_data()));
    ARROW_ASSIGN_OR_RAISE(const int64_t count, Unpack(word, 0));
    filled_ += count;
    return Status::OK();
  }

  Status EndFrame() {
    inside_frame_ = false;
    if (!flags_.content_checksum) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const uint32_t expected, TakeWord());
    return XXH32_digest(&content_hash_) == expected ? Status::OK()
                                                    : Damaged("the content's checksum differs");
  }

  Result<int64_t> Unpack(int64_t length, int64_t history_bytes) {
    const int count = LZ4_decompress_safe_usingDict(
        reinterpret_cast<const char*>(packed_->data()), reinterpret_cast<char*>(End()),
        static_cast<int>(length), static_cast<int>(block_bytes_),
        reinterpret_cast<const char*>(End() - history_bytes), static_cast<int>(history_bytes));
    if (count < 0) return Damaged("invalid data");
    return count;
  }

  // Moves the last bytes given out before the place where the next block goes.
  void KeepHistory() {
    const int64_t have = history_bytes_ + filled_ - kHistoryBytes;
    const int64_t keep = std::min(have, kHistoryBytes);
    uint8_t* text = text_->mutable_data();
    if (filled_ > kHistoryBytes)
      std::memmove(text + kHistoryBytes - keep, text + filled_ - keep, static_cast<size_t>(keep));
    history_bytes_ = keep;
    position_ = filled_ = kHistoryBytes;
  }

  Status MakeRoom(int64_t block_bytes) {
    if (block_bytes_ == block_bytes) return Status::OK();
    text_.reset();
    packed_.reset();
    auto text = arrow::AllocateBuffer(kHistoryBytes + block_bytes, pool_);
    auto packed = arrow::AllocateBuffer(
        block_bytes == kLegacyBlockBytes ? LZ4_compressBound(kLegacyBlockBytes) : block_bytes,
        pool_);
    if (!text.ok() || !packed.ok()) {
      return MakeError(ErrorKind::kOutOfMemory, 705,
                       "no memory for the blocks of lz4 data; raise the budget: {} needs {} bytes",
                       path_, 2 * block_bytes + kHistoryBytes);
    }
    text_ = text.MoveValueUnsafe();
    packed_ = packed.MoveValueUnsafe();
    block_bytes_ = block_bytes;
    position_ = filled_ = kHistoryBytes;
    return Status::OK();
  }

  Status Take(int64_t length, uint8_t* out) {
    ARROW_ASSIGN_OR_RAISE(bool whole, window_.Take(length, out));
    return whole ? Status::OK() : Damaged("the data ends in the middle (cut short?)");
  }
  Result<uint32_t> TakeWord() {
    uint8_t bytes[4];
    ARROW_RETURN_NOT_OK(Take(4, bytes));
    return LittleEndian(bytes);
  }
  uint8_t* End() { return text_->mutable_data() + filled_; }

  Status Damaged(const char* why) const {
    return MakeError(ErrorKind::kBadInput, 425, "damaged lz4 data: {} near byte {}: {}", path_,
                     window_.offset(), why);
  }

  StoredWindow window_;
  const std::string path_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Buffer> packed_;  // one block
  std::shared_ptr<arrow::Buffer> text_;    // kHistoryBytes, then one block
  int64_t block_bytes_ = 0;
  FrameFlags flags_;
  XXH32_state_t content_hash_{};
  bool inside_frame_ = false;
  uint32_t next_magic_ = 0;  // read already, at the end of a legacy frame
  int64_t frames_ = 0;
  int64_t history_bytes_ = 0;  // before kHistoryBytes in text_
  int64_t position_ = 0;
  int64_t filled_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenLz4Stream(std::unique_ptr<ByteStream> stored,
                                                  std::string path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto window, StoredWindow::Make(std::move(stored), pool));
  return std::unique_ptr<ByteStream>(new Lz4Stream(std::move(window), std::move(path), pool));
}

int64_t Lz4StreamBytes(std::string_view first_bytes) {
  int64_t block_bytes = kLargestBlockBytes;
  if (first_bytes.size() >= 6) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(first_bytes.data());
    const uint32_t magic = LittleEndian(bytes);
    if (magic == kLegacyMagic) block_bytes = kLegacyBlockBytes;
    if (magic == kFrameMagic && BlockBytes(bytes[5]) > 0) block_bytes = BlockBytes(bytes[5]);
  }
  return StoredWindow::kBytes + (2 * block_bytes + kHistoryBytes) * 9 / 8;
}

}  // namespace headrace
