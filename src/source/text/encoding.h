// Text encodings: everything behind the readers sees UTF-8.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "source/text/byte_stream.h"

namespace headrace {

enum class TextEncoding : uint8_t {
  kUtf8,
  kLatin1,
  kWindows1252,
  kUtf16LittleEndian,
  kUtf16BigEndian
};

// "utf-8", "latin-1", "iso-8859-1", "windows-1252", "cp1252", "utf-16", "utf-16le", "utf-16be" in
// any case; InvalidConfig with the list otherwise. Plain "utf-16" is little endian unless a byte
// order mark says otherwise.
Result<TextEncoding> ParseTextEncoding(std::string_view name);
std::string_view TextEncodingName(TextEncoding encoding);

struct FoundEncoding {
  TextEncoding encoding = TextEncoding::kUtf8;
  std::string why;  // "byte order mark"
};

// A byte order mark at the start of the text decides, else what the user named, else a pattern of
// zero bytes that only UTF-16 has; UTF-8 otherwise. Single-byte encodings are never guessed: their
// bytes mean something else in each. BadInput for UTF-32, which is not read.
Result<FoundEncoding> FindEncoding(std::string_view first_bytes, std::optional<TextEncoding> named,
                                   const std::string& path);
inline constexpr int64_t kEncodingBytes = 4096;  // are enough to look at

// Wraps `text` so that it gives UTF-8 without a byte order mark. UTF-8 itself passes through
// unchecked. BadInput for a code unit that has no meaning in the encoding.
Result<std::unique_ptr<ByteStream>> DecodeToUtf8(std::unique_ptr<ByteStream> text,
                                                 TextEncoding encoding, std::string path,
                                                 arrow::MemoryPool* pool);

// What DecodeToUtf8 takes from the pool for other encodings than UTF-8.
inline constexpr int64_t kDecodingBytes = 160 * 1024;

// Offset of the first byte that is not valid UTF-8 (overlong forms and surrogates are invalid); -1
// when all is well.
int64_t FindInvalidUtf8(const uint8_t* text, int64_t length);

}  // namespace headrace
