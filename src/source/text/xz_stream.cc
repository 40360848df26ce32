#include <lzma.h>

#include <algorithm>
#include <cstdlib>

#include "base/units.h"
#include "source/text/compression.h"
#include "source/text/pool_allocator.h"
#include "source/text/stored_window.h"

namespace headrace {
namespace {

void* LzmaAllocate(void* pool, size_t items, size_t size) {
  return AllocateFromPool(pool, items * size);
}

// Role: unpacks an xz file of any number of streams. The pool is the limit of its memory.
class XzStream : public ByteStream {
 public:
  XzStream(StoredWindow window, std::string path, arrow::MemoryPool* pool)
      : window_(std::move(window)),
        path_(std::move(path)),
        allocator_{LzmaAllocate, FreeToPool, pool} {}
  ~XzStream() override { lzma_end(&lzma_); }

  Status Init() {
    lzma_.allocator = &allocator_;
    if (lzma_stream_decoder(&lzma_, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) return NoMemory();
    return Status::OK();
  }

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    lzma_.next_out = out;
    lzma_.avail_out = static_cast<size_t>(length);
    while (lzma_.avail_out == static_cast<size_t>(length) && !finished_) {
      ARROW_ASSIGN_OR_RAISE(bool more, window_.Refill());
      const int64_t before = window_.available();
      lzma_.next_in = window_.data();
      lzma_.avail_in = static_cast<size_t>(before);
      const lzma_ret code = lzma_code(&lzma_, more ? LZMA_RUN : LZMA_FINISH);
      window_.Consume(before - static_cast<int64_t>(lzma_.avail_in));
      ARROW_RETURN_NOT_OK(Judge(code));
      finished_ = code == LZMA_STREAM_END;
    }
    return length - static_cast<int64_t>(lzma_.avail_out);
  }

  int64_t stored_bytes_read() const override { return window_.stored_bytes_read(); }

 private:
  Status Judge(lzma_ret code) const {
    switch (code) {
      case LZMA_OK:
      case LZMA_STREAM_END:
        return Status::OK();
      case LZMA_MEM_ERROR:
      case LZMA_MEMLIMIT_ERROR:
        return NoMemory();
      case LZMA_BUF_ERROR:
        return Damaged("the data ends in the middle (cut short?)");
      case LZMA_FORMAT_ERROR:
        return Damaged("bytes that are not xz follow the compressed data");
      case LZMA_OPTIONS_ERROR:
        return Damaged("a filter that is not known");
      default:
        return Damaged("invalid data");
    }
  }
  Status NoMemory() const {
    return MakeError(ErrorKind::kOutOfMemory, 705,
                     "no memory for the dictionary of xz data; raise the budget, or compress again "
                     "with a lower preset: {} needs {}",
                     path_, FormatBytes(static_cast<int64_t>(lzma_memusage(&lzma_))));
  }
  Status Damaged(const char* why) const {
    return MakeError(ErrorKind::kBadInput, 426, "damaged xz data: {} near byte {}: {}", path_,
                     window_.offset(), why);
  }

  StoredWindow window_;
  const std::string path_;
  const lzma_allocator allocator_;
  lzma_stream lzma_ = LZMA_STREAM_INIT;
  bool finished_ = false;
};

// What the decoder of the first block takes by the block's header; 0 = not to be told.
uint64_t FirstBlockBytes(std::string_view first_bytes) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(first_bytes.data());
  lzma_stream_flags stream{};
  if (first_bytes.size() <= LZMA_STREAM_HEADER_SIZE || bytes[LZMA_STREAM_HEADER_SIZE] == 0 ||
      lzma_stream_header_decode(&stream, bytes) != LZMA_OK) {
    return 0;
  }
  lzma_filter filters[LZMA_FILTERS_MAX + 1];
  lzma_block block{};
  block.check = stream.check;
  block.filters = filters;
  block.header_size = lzma_block_header_size_decode(bytes[LZMA_STREAM_HEADER_SIZE]);
  if (first_bytes.size() < LZMA_STREAM_HEADER_SIZE + block.header_size ||
      lzma_block_header_decode(&block, nullptr, bytes + LZMA_STREAM_HEADER_SIZE) != LZMA_OK) {
    return 0;
  }
  const uint64_t usage = lzma_raw_decoder_memusage(filters);
  for (const lzma_filter& filter : filters) {
    if (filter.id == LZMA_VLI_UNKNOWN) break;
    std::free(filter.options);
  }
  return usage == UINT64_MAX ? 0 : usage;
}

}  // namespace

Result<std::unique_ptr<ByteStream>> OpenXzStream(std::unique_ptr<ByteStream> stored,
                                                 std::string path, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto window, StoredWindow::Make(std::move(stored), pool));
  auto stream = std::make_unique<XzStream>(std::move(window), std::move(path), pool);
  ARROW_RETURN_NOT_OK(stream->Init());
  return std::unique_ptr<ByteStream>(std::move(stream));
}

int64_t XzStreamBytes(std::string_view first_bytes) {
  constexpr int64_t kStreamBytes = 64 * 1024;        // headers, index hash
  constexpr int64_t kUsualBlockBytes = 9LL << 20;    // the dictionary of preset 6 with its decoder
  constexpr int64_t kLargestBlockBytes = 2LL << 30;  // dictionaries are smaller
  int64_t block_bytes = static_cast<int64_t>(
      std::min<uint64_t>(FirstBlockBytes(first_bytes), static_cast<uint64_t>(kLargestBlockBytes)));
  if (block_bytes == 0) block_bytes = kUsualBlockBytes;
  return StoredWindow::kBytes + kStreamBytes + block_bytes * 9 / 8;  // an eighth for size classes
}

}  // namespace headrace
