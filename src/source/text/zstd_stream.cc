// The allocator hooks and the frame header's window size are in zstd's static section.
#define ZSTD_STATIC_LINKING_ONLY
#include <arrow/buffer.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>

#include "source/text/compression.h"
#include "source/text/pool_allocator.h"

namespace headrace {
namespace {

constexpr int64_t kStoredBytesRead = 64 * 1024;
// Windows above 128 MiB need zstd's own --long flag too; the pool refuses smaller ones that do not
// fit the budget.
constexpr int kWindowLogMax = 27;

struct ContextDeleter {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Role: decompresses any number of zstd frames, skippable ones included.
class ZstdStream : public ByteStream {
 public:
  ZstdStream(std::unique_ptr<ByteStream> stored, std::string path,
             std::shared_ptr<arrow::Buffer> input, ZSTD_DCtx* context)
      : stored_(std::move(stored)),
        path_(std::move(path)),
        input_(std::move(input)),
        context_(context) {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    ZSTD_outBuffer output{out, static_cast<size_t>(length), 0};
    while (output.pos == 0) {
      if (pending_.pos == pending_.size) {
        ARROW_ASSIGN_OR_RAISE(int64_t count,
                              stored_->Read(kStoredBytesRead, input_->mutable_data()));
        consumed_ += count;
        pending_ = {input_->data(), static_cast<size_t>(count), 0};
        if (count == 0 && inside_frame_ && !drained_) {
          drained_ = true;  // zstd may still hold output
        } else if (count == 0) {
          if (inside_frame_) return Damaged("the data ends in the middle (cut short?)");
          return 0;
        }
      }
      const size_t hint = ZSTD_decompressStream(context_.get(), &output, &pending_);
      if (ZSTD_isError(hint)) return Failed(hint);
      inside_frame_ = hint != 0;
    }
    drained_ = false;
    return static_cast<int64_t>(output.pos);
  }

  int64_t stored_bytes_read() const override { return stored_->stored_bytes_read(); }

 private:
  Status Damaged(const char* why) const {
    return MakeError(ErrorKind::kBadInput, 422, "damaged zstd data: {} near byte {}: {}", path_,
                     consumed_ - static_cast<int64_t>(pending_.size - pending_.pos), why);
  }
  Status Failed(size_t code) const {
    switch (ZSTD_getErrorCode(code)) {
      case ZSTD_error_memory_allocation:
        return MakeError(ErrorKind::kOutOfMemory, 705,
                         "no memory for the window of a zstd frame; raise the budget: {}", path_);
      case ZSTD_error_frameParameter_windowTooLarge:
        return MakeError(
            ErrorKind::kOutOfMemory, 706,
            "the window of a zstd frame is above 128 MiB; compress again with a smaller --long: {}",
            path_);
      default:
        return Damaged(ZSTD_getErrorName(code));
    }
  }

  std::unique_ptr<ByteStream> stored_;
  const std::string path_;
  std::shared_ptr<arrow::Buffer> input_;
  std::unique_ptr<ZSTD_DCtx, ContextDeleter> context_;
  ZSTD_inBuffer pending_{nullptr, 0, 0};
  bool inside_frame_ = false;
  bool drained_ = false;
  int64_t consumed_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenZstdStream(std::unique_ptr<ByteStream> stored,
                                                   std::string path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto input, arrow::AllocateBuffer(kStoredBytesRead, pool));
  ZSTD_DCtx* context = ZSTD_createDCtx_advanced({AllocateFromPool, FreeToPool, pool});
  if (context == nullptr) {
    return MakeError(ErrorKind::kOutOfMemory, 705,
                     "no memory for a zstd decompressor; raise the budget: {}", path);
  }
  return std::unique_ptr<ByteStream>(
      new ZstdStream(std::move(stored), std::move(path),
                     std::shared_ptr<arrow::Buffer>(std::move(input)), context));
}

int64_t ZstdStreamBytes(std::string_view first_bytes) {
  constexpr int64_t kContextBytes = 512 * 1024;  // context, block and literal buffers
  constexpr int64_t kUsualWindow = 8 * 1024 * 1024;
  ZSTD_frameHeader header{};
  int64_t window = kUsualWindow;
  if (ZSTD_getFrameHeader(&header, first_bytes.data(), first_bytes.size()) == 0) {
    window = static_cast<int64_t>(std::min<uint64_t>(header.windowSize, 1ULL << kWindowLogMax));
  }
  return kStoredBytesRead + kContextBytes + window;
}

}  // namespace headrace
