#include <arrow/buffer.h>
#include <zlib.h>

#include <algorithm>

#include "source/text/compression.h"
#include "source/text/pool_allocator.h"

namespace headrace {
namespace {

constexpr int64_t kInputBytes = 64 * 1024;
constexpr int kGzipWindowBits = 15 + 16;  // the largest window, gzip wrapper

voidpf ZlibAllocate(voidpf pool, uInt items, uInt size) {
  return AllocateFromPool(pool, static_cast<size_t>(items) * size);
}
void ZlibFree(voidpf pool, voidpf address) { FreeToPool(pool, address); }

// Role: inflates a gzip file of any number of members. Zero bytes after the last member (tape
// padding) are ignored.
class GzipStream : public ByteStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> stored, std::string path,
             std::shared_ptr<arrow::Buffer> input)
      : stored_(std::move(stored)), path_(std::move(path)), input_(std::move(input)) {}
  ~GzipStream() override {
    if (initialized_) inflateEnd(&zlib_);
  }

  Status Init(arrow::MemoryPool* pool) {
    zlib_.zalloc = ZlibAllocate;
    zlib_.zfree = ZlibFree;
    zlib_.opaque = pool;
    if (inflateInit2(&zlib_, kGzipWindowBits) != Z_OK) {
      return MakeError(ErrorKind::kOutOfMemory, 705, "no memory for a gzip decompressor: {}",
                       path_);
    }
    initialized_ = true;
    return Status::OK();
  }

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    zlib_.next_out = out;
    zlib_.avail_out = static_cast<uInt>(std::min<int64_t>(length, 1 << 30));
    const uInt wanted = zlib_.avail_out;
    while (zlib_.avail_out == wanted) {
      if (zlib_.avail_in == 0) {
        ARROW_RETURN_NOT_OK(Refill());
      }
      if (between_members_) {
        ARROW_ASSIGN_OR_RAISE(bool more, StartMember());
        if (!more) return 0;
        if (zlib_.avail_in == 0) continue;
      } else if (zlib_.avail_in == 0) {
        return Damaged("the data ends in the middle (cut short?)");
      }
      const int code = inflate(&zlib_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        between_members_ = true;
        inflateReset(&zlib_);
      } else if (code == Z_MEM_ERROR) {
        return MakeError(ErrorKind::kOutOfMemory, 705, "no memory for a gzip window: {}", path_);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return Damaged(zlib_.msg != nullptr ? zlib_.msg : "invalid data");
      }
    }
    return wanted - zlib_.avail_out;
  }

  int64_t stored_bytes_read() const override { return stored_->stored_bytes_read(); }

 private:
  Status Refill() {
    ARROW_ASSIGN_OR_RAISE(int64_t count, stored_->Read(kInputBytes, input_->mutable_data()));
    consumed_ += count;
    zlib_.next_in = input_->mutable_data();
    zlib_.avail_in = static_cast<uInt>(count);
    return Status::OK();
  }

  // Whether another member follows; false at the end of the file.
  Result<bool> StartMember() {
    if (members_ > 0) {
      while (zlib_.avail_in > 0 && *zlib_.next_in == 0) {
        ++zlib_.next_in;
        --zlib_.avail_in;
        if (zlib_.avail_in == 0) ARROW_RETURN_NOT_OK(Refill());
      }
      if (zlib_.avail_in == 0) return false;
      if (*zlib_.next_in != 0x1f)
        return Damaged("bytes that are not gzip follow the compressed data");
    } else if (zlib_.avail_in == 0) {
      return false;
    }
    ++members_;
    between_members_ = false;
    return true;
  }

  Status Damaged(const char* why) const {
    return MakeError(ErrorKind::kBadInput, 421, "damaged gzip data: {} near byte {}: {}", path_,
                     consumed_ - zlib_.avail_in, why);
  }

  std::unique_ptr<ByteStream> stored_;
  const std::string path_;
  std::shared_ptr<arrow::Buffer> input_;
  z_stream zlib_{};
  bool initialized_ = false;
  bool between_members_ = true;
  int64_t members_ = 0;
  int64_t consumed_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenGzipStream(std::unique_ptr<ByteStream> stored,
                                                   std::string path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto input, arrow::AllocateBuffer(kInputBytes, pool));
  auto stream = std::make_unique<GzipStream>(std::move(stored), std::move(path),
                                             std::shared_ptr<arrow::Buffer>(std::move(input)));
  ARROW_RETURN_NOT_OK(stream->Init(pool));
  return std::unique_ptr<ByteStream>(std::move(stream));
}

int64_t GzipStreamBytes() {
  constexpr int64_t kZlibStateBytes = 48 * 1024;  // window and tables, as zlib documents
  return kInputBytes + kZlibStateBytes;
}

}  // namespace headrace
