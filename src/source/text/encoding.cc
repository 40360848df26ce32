#include "source/text/encoding.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace headrace {
namespace {

constexpr int64_t kRawBytes = 32 * 1024;
constexpr int kBytesPerUnitMax = 4;  // UTF-8 bytes that one code unit can become
static_assert(kRawBytes * (1 + kBytesPerUnitMax) <= kDecodingBytes);

// Code points of 0x80..0x9f in Windows-1252; 0 = not assigned.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

uint8_t* AppendUtf8(uint32_t point, uint8_t* out) {
  if (point < 0x80) {
    *out++ = static_cast<uint8_t>(point);
  } else if (point < 0x800) {
    *out++ = static_cast<uint8_t>(0xc0 | (point >> 6));
    *out++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    *out++ = static_cast<uint8_t>(0xe0 | (point >> 12));
    *out++ = static_cast<uint8_t>(0x80 | ((point >> 6) & 0x3f));
    *out++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
  } else {
    *out++ = static_cast<uint8_t>(0xf0 | (point >> 18));
    *out++ = static_cast<uint8_t>(0x80 | ((point >> 12) & 0x3f));
    *out++ = static_cast<uint8_t>(0x80 | ((point >> 6) & 0x3f));
    *out++ = static_cast<uint8_t>(0x80 | (point & 0x3f));
  }
  return out;
}

// Role: turns code units of another encoding into UTF-8, a chunk at a time.
class DecodingStream : public ByteStream {
 public:
  DecodingStream(std::unique_ptr<ByteStream> text, TextEncoding encoding, std::string path,
                 std::shared_ptr<arrow::Buffer> raw, std::shared_ptr<arrow::Buffer> decoded)
      : text_(std::move(text)),
        encoding_(encoding),
        path_(std::move(path)),
        raw_(std::move(raw)),
        decoded_(std::move(decoded)) {}

  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    while (position_ == filled_) {
      ARROW_ASSIGN_OR_RAISE(bool more, Fill());
      if (!more) return 0;
    }
    const int64_t count = std::min(length, filled_ - position_);
    std::memcpy(out, decoded_->data() + position_, static_cast<size_t>(count));
    position_ += count;
    return count;
  }

  int64_t stored_bytes_read() const override { return text_->stored_bytes_read(); }

 private:
  Result<bool> Fill() {
    uint8_t* raw = raw_->mutable_data();
    ARROW_ASSIGN_OR_RAISE(int64_t count,
                          ReadFully(text_.get(), kRawBytes - carried_, raw + carried_));
    const int64_t available = carried_ + count;
    if (available == 0) return false;
    uint8_t* out = decoded_->mutable_data();
    int64_t used = 0;
    if (encoding_ == TextEncoding::kUtf16LittleEndian ||
        encoding_ == TextEncoding::kUtf16BigEndian) {
      ARROW_ASSIGN_OR_RAISE(used, DecodeUtf16(raw, available, count == 0, &out));
    } else {
      ARROW_ASSIGN_OR_RAISE(used, DecodeSingleBytes(raw, available, &out));
    }
    carried_ = available - used;
    std::memmove(raw, raw + used, static_cast<size_t>(carried_));
    consumed_ += used;
    position_ = 0;
    filled_ = out - decoded_->data();
    return true;
  }

  Result<int64_t> DecodeSingleBytes(const uint8_t* raw, int64_t available, uint8_t** out) {
    for (int64_t i = 0; i < available; ++i) {
      uint32_t point = raw[i];
      if (encoding_ == TextEncoding::kWindows1252 && point >= 0x80 && point < 0xa0) {
        point = kWindows1252[point - 0x80];
        if (point == 0) return Undefined(consumed_ + i);
      }
      *out = AppendUtf8(point, *out);
    }
    return available;
  }

  Result<int64_t> DecodeUtf16(const uint8_t* raw, int64_t available, bool at_end, uint8_t** out) {
    const int high = encoding_ == TextEncoding::kUtf16LittleEndian ? 1 : 0;
    const auto unit_at = [&](int64_t i) -> uint32_t {
      return raw[i + high] << 8 | raw[i + 1 - high];
    };
    int64_t i = 0;
    while (i + 1 < available) {
      uint32_t point = unit_at(i);
      int64_t width = 2;
      if (point >= 0xd800 && point < 0xdc00) {
        if (i + 3 >= available) {
          if (at_end) return Undefined(consumed_ + i);
          break;
        }
        const uint32_t low = unit_at(i + 2);
        if (low < 0xdc00 || low > 0xdfff) return Undefined(consumed_ + i);
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        width = 4;
      } else if (point >= 0xdc00 && point < 0xe000) {
        return Undefined(consumed_ + i);
      }
      const bool byte_order_mark = point == 0xfeff && consumed_ + i == 0;
      if (!byte_order_mark) *out = AppendUtf8(point, *out);
      i += width;
    }
    if (at_end && i < available) return Undefined(consumed_ + i);
    return i;
  }

  Status Undefined(int64_t offset) const {
    return MakeError(ErrorKind::kBadInput, 423,
                     "bytes that mean nothing in the text's encoding; name the right one with "
                     "--encoding: {} byte {}: "
                     "not {}",
                     path_, offset, TextEncodingName(encoding_));
  }

  std::unique_ptr<ByteStream> text_;
  const TextEncoding encoding_;
  const std::string path_;
  std::shared_ptr<arrow::Buffer> raw_;
  std::shared_ptr<arrow::Buffer> decoded_;
  int64_t carried_ = 0;  // bytes of an unfinished code unit at the start of raw_
  int64_t consumed_ = 0;
  int64_t position_ = 0;
  int64_t filled_ = 0;
};

// Role: drops a UTF-8 byte order mark; otherwise passes bytes through.
class Utf8Stream : public ByteStream {
 public:
  explicit Utf8Stream(std::unique_ptr<ByteStream> text) : text_(std::move(text)) {}
  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    if (!started_) {
      started_ = true;
      ARROW_ASSIGN_OR_RAISE(head_bytes_, ReadFully(text_.get(), sizeof(head_), head_));
      if (head_bytes_ == 3 && std::memcmp(head_, "\xef\xbb\xbf", 3) == 0) head_bytes_ = 0;
    }
    if (head_position_ < head_bytes_) {
      const int64_t count = std::min(length, head_bytes_ - head_position_);
      std::memcpy(out, head_ + head_position_, static_cast<size_t>(count));
      head_position_ += count;
      return count;
    }
    return text_->Read(length, out);
  }
  int64_t stored_bytes_read() const override { return text_->stored_bytes_read(); }

 private:
  std::unique_ptr<ByteStream> text_;
  bool started_ = false;
  uint8_t head_[3];
  int64_t head_bytes_ = 0;
  int64_t head_position_ = 0;
};

}  // namespace

Result<TextEncoding> ParseTextEncoding(std::string_view name) {
  std::string plain;
  for (char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c))) plain += static_cast<char>(std::tolower(c));
  }
  if (plain == "utf8" || plain == "utf8sig" || plain == "ascii") return TextEncoding::kUtf8;
  if (plain == "latin1" || plain == "iso88591" || plain == "l1") return TextEncoding::kLatin1;
  if (plain == "windows1252" || plain == "cp1252") return TextEncoding::kWindows1252;
  if (plain == "utf16" || plain == "utf16le") return TextEncoding::kUtf16LittleEndian;
  if (plain == "utf16be") return TextEncoding::kUtf16BigEndian;
  return MakeError(
      ErrorKind::kInvalidConfig, 160,
      "unknown text encoding; use utf-8, latin-1, windows-1252, utf-16, utf-16le or utf-16be: '{}'",
      name);
}

std::string_view TextEncodingName(TextEncoding encoding) {
  switch (encoding) {
    case TextEncoding::kUtf8:
      return "utf-8";
    case TextEncoding::kLatin1:
      return "latin-1";
    case TextEncoding::kWindows1252:
      return "windows-1252";
    case TextEncoding::kUtf16LittleEndian:
      return "utf-16le";
    case TextEncoding::kUtf16BigEndian:
      return "utf-16be";
  }
  return "?";
}

Result<std::unique_ptr<ByteStream>> DecodeToUtf8(std::unique_ptr<ByteStream> text,
                                                 TextEncoding encoding, std::string path,
                                                 arrow::MemoryPool* pool) {
  if (encoding == TextEncoding::kUtf8)
    return std::unique_ptr<ByteStream>(new Utf8Stream(std::move(text)));
  ARROW_ASSIGN_OR_RAISE(auto raw, arrow::AllocateBuffer(kRawBytes, pool));
  ARROW_ASSIGN_OR_RAISE(auto decoded, arrow::AllocateBuffer(kRawBytes * kBytesPerUnitMax, pool));
  return std::unique_ptr<ByteStream>(new DecodingStream(
      std::move(text), encoding, std::move(path), std::shared_ptr<arrow::Buffer>(std::move(raw)),
      std::shared_ptr<arrow::Buffer>(std::move(decoded))));
}

}  // namespace headrace
