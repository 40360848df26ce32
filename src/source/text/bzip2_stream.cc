#include <bzlib.h>

#include <algorithm>

#include "source/text/compression.h"
#include "source/text/pool_allocator.h"
#include "source/text/stored_window.h"

namespace headrace {
namespace {

void* BzipAllocate(void* pool, int items, int size) {
  return AllocateFromPool(pool, static_cast<size_t>(items) * static_cast<size_t>(size));
}

// Role: unpacks a bzip2 file of any number of streams.
class Bzip2Stream : public ByteStream {
 public:
  Bzip2Stream(StoredWindow window, std::string path, arrow::MemoryPool* pool)
      : window_(std::move(window)), path_(std::move(path)), pool_(pool) {}
  ~Bzip2Stream() override { Close(); }

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    const auto wanted = static_cast<unsigned>(std::min<int64_t>(length, 1 << 30));
    bzip_.next_out = reinterpret_cast<char*>(out);
    bzip_.avail_out = wanted;
    while (bzip_.avail_out == wanted) {
      if (!open_) {
        ARROW_ASSIGN_OR_RAISE(bool more, OpenNext());
        if (!more) return 0;
      }
      ARROW_ASSIGN_OR_RAISE(bool more, window_.Refill());
      const int64_t before = window_.available();
      bzip_.next_in = const_cast<char*>(reinterpret_cast<const char*>(window_.data()));
      bzip_.avail_in = static_cast<unsigned>(before);
      const int code = BZ2_bzDecompress(&bzip_);
      window_.Consume(before - bzip_.avail_in);
      if (code == BZ_STREAM_END) {
        Close();
      } else if (code == BZ_MEM_ERROR) {
        return NoMemory();
      } else if (code != BZ_OK) {
        return Damaged("invalid data");
      } else if (!more && bzip_.avail_out == wanted) {
        return Damaged("the data ends in the middle (cut short?)");
      }
    }
    return wanted - bzip_.avail_out;
  }

  int64_t stored_bytes_read() const override { return window_.stored_bytes_read(); }

 private:
  // Whether another stream follows; false at the end of the file.
  Result<bool> OpenNext() {
    if (streams_ > 0) {
      ARROW_ASSIGN_OR_RAISE(bool more, window_.SkipPadding());
      if (!more) return false;
      if (*window_.data() != 'B')
        return Damaged("bytes that are not bzip2 follow the compressed data");
    }
    bzip_.bzalloc = BzipAllocate;
    bzip_.bzfree = FreeToPool;
    bzip_.opaque = pool_;
    if (BZ2_bzDecompressInit(&bzip_, /*verbosity=*/0, /*small=*/0) != BZ_OK) return NoMemory();
    open_ = true;
    ++streams_;
    return true;
  }

  void Close() {
    if (open_) BZ2_bzDecompressEnd(&bzip_);
    open_ = false;
  }

  Status NoMemory() const {
    return MakeError(ErrorKind::kOutOfMemory, 705,
                     "no memory for a bzip2 decompressor; raise the budget: {} needs {} bytes",
                     path_, Bzip2StreamBytes(""));
  }
  Status Damaged(const char* why) const {
    return MakeError(ErrorKind::kBadInput, 424, "damaged bzip2 data: {} near byte {}: {}", path_,
                     window_.offset(), why);
  }

  StoredWindow window_;
  const std::string path_;
  arrow::MemoryPool* const pool_;
  bz_stream bzip_{};
  bool open_ = false;
  int64_t streams_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenBzip2Stream(std::unique_ptr<ByteStream> stored,
                                                    std::string path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto window, StoredWindow::Make(std::move(stored), pool));
  return std::unique_ptr<ByteStream>(new Bzip2Stream(std::move(window), std::move(path), pool));
}

int64_t Bzip2StreamBytes(std::string_view first_bytes) {
  // As its manual says: 100 kB and four bytes for every byte of a block, whose size in 100 kB is
  // the fourth byte of the file; an eighth more for size classes.
  const bool known = first_bytes.size() >= 4 && first_bytes[3] >= '1' && first_bytes[3] <= '9';
  const int64_t block_bytes = 100'000 * (known ? first_bytes[3] - '0' : 9);
  return StoredWindow::kBytes + (100'000 + 4 * block_bytes) * 9 / 8;
}

}  // namespace headrace
