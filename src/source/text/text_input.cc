#include "source/text/text_input.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "env/process.h"
#include "source/text/input_tape.h"
#include "source/text/read_ahead.h"

namespace headrace {
namespace {

constexpr int64_t kDetectBytes = kEncodingBytes;

// So much is read before it is dropped: the kernel is asked seldom, and what it reads ahead stays.
constexpr int64_t kDropBytes = 8 << 20;
// Smaller files are not held against the machine's memory.
constexpr int64_t kLargeFileBytes = 256 << 20;

enum class PageCache { kKeep, kDropBehind };

// Role: reads a regular file in order.
class FileStream : public ByteStream {
 public:
  FileStream(std::unique_ptr<RandomReadFile> file, PageCache page_cache)
      : file_(std::move(file)), page_cache_(page_cache) {}
  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    ARROW_ASSIGN_OR_RAISE(int64_t count, file_->ReadAt(offset_, length, out));
    offset_ += count;
    if (page_cache_ == PageCache::kDropBehind &&
        (offset_ - dropped_ >= kDropBytes || count < length)) {
      file_->DropCache(dropped_, offset_ - dropped_);
      dropped_ = offset_;
    }
    return count;
  }
  int64_t stored_bytes_read() const override { return offset_; }

 private:
  std::unique_ptr<RandomReadFile> file_;
  const PageCache page_cache_;
  int64_t offset_ = 0;
  int64_t dropped_ = 0;  // what lies before it has left the page cache
};

}  // namespace

TextInput::TextInput(std::string path, int64_t size_bytes, const TextInputContext& context)
    : path_(std::move(path)), size_bytes_(size_bytes), context_(context) {}
TextInput::~TextInput() = default;

Result<std::shared_ptr<TextInput>> TextInput::Make(std::string path, int64_t size_bytes,
                                                   std::optional<TextEncoding> named,
                                                   const TextInputContext& context) {
  std::shared_ptr<TextInput> input(new TextInput(std::move(path), size_bytes, context));
  ARROW_RETURN_NOT_OK(input->Detect(named));
  return input;
}

Status TextInput::Detect(std::optional<TextEncoding> named) {
  if (is_standard_input()) {
    ARROW_ASSIGN_OR_RAISE(tape_, InputTape::Make(context_));
  }
  uint8_t head[kDetectBytes];
  const auto first = [&](int64_t count) {
    return std::string_view(reinterpret_cast<const char*>(head), static_cast<size_t>(count));
  };
  ARROW_ASSIGN_OR_RAISE(auto stored, OpenStored(Pass::kReplayable));
  ARROW_ASSIGN_OR_RAISE(int64_t count, ReadFully(stored.get(), kDetectBytes, head));
  ARROW_ASSIGN_OR_RAISE(compression_, DetectCompression(first(count), path_));
  stream_bytes_ = DecompressorBytes(compression_, first(count)) +
                  (is_standard_input() ? InputTape::kHeadBytes : 0);
  if (compression_ != Compression::kNone) {
    ARROW_ASSIGN_OR_RAISE(auto text, OpenDecompressed(Pass::kReplayable));
    ARROW_ASSIGN_OR_RAISE(count, ReadFully(text.get(), kDetectBytes, head));
  }
  ARROW_ASSIGN_OR_RAISE(auto found, FindEncoding(first(count), named, path_));
  encoding_ = found.encoding;
  why_encoding_ = std::move(found.why);
  if (encoding_ == TextEncoding::kUtf8 && first(count).starts_with("\xef\xbb\xbf")) mark_bytes_ = 3;
  if (encoding_ != TextEncoding::kUtf8) stream_bytes_ += kDecodingBytes;
  if (!IsPlain() && context_.threads > 1) stream_bytes_ += kReadAheadBytes;
  return Status::OK();
}

Result<std::unique_ptr<ByteStream>> TextInput::OpenStored(Pass pass) {
  if (tape_ != nullptr) return InputTape::Open(tape_, pass == Pass::kReplayable);
  ARROW_ASSIGN_OR_RAISE(auto file, context_.env->OpenForRead(path_));
  return std::unique_ptr<ByteStream>(
      new FileStream(std::move(file), MayStayCached() ? PageCache::kKeep : PageCache::kDropBehind));
}

bool TextInput::MayStayCached() const {
  if (context_.cached_file_bytes_max >= 0) return size_bytes_ <= context_.cached_file_bytes_max;
  if (size_bytes_ < kLargeFileBytes) return true;
  const int64_t available_bytes = ReadAvailableMemoryBytes();
  return available_bytes == 0 || size_bytes_ <= available_bytes;
}

Result<std::unique_ptr<ByteStream>> TextInput::OpenDecompressed(Pass pass) {
  ARROW_ASSIGN_OR_RAISE(auto stream, OpenStored(pass));
  return OpenDecompressor(compression_, std::move(stream), path_, context_.pool);
}

Result<std::unique_ptr<ByteStream>> TextInput::Open(Pass pass) {
  ARROW_ASSIGN_OR_RAISE(auto stream, OpenDecompressed(pass));
  ARROW_ASSIGN_OR_RAISE(stream, DecodeToUtf8(std::move(stream), encoding_, path_, context_.pool));
  if (IsPlain() || context_.threads == 1) return stream;
  std::function<void()> interrupt;
  if (tape_ != nullptr) interrupt = [tape = tape_] { tape->Interrupt(); };
  return ReadAhead(std::move(stream), std::move(interrupt), context_.pool);
}

}  // namespace headrace
