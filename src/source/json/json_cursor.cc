#include "source/json/json_cursor.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/ascii.h"

namespace headrace {
namespace {

// The first byte from `at` on that a string cannot hold as it is: a quote, a backslash or a control
// character. There is one: the text ends in a 0 byte. Reads up to kTextPadding bytes behind it.
#if defined(__SSE2__)
const uint8_t* FindSpecial(const uint8_t* at) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  while (true) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(text, control), text));
    const uint32_t bits = static_cast<uint32_t>(_mm_movemask_epi8(found));
    if (bits != 0) return at + std::countr_zero(bits);
    at += sizeof(__m128i);
  }
}
#else
const uint8_t* FindSpecial(const uint8_t* at) {
  while (*at != '"' && *at != '\\' && *at >= ' ') ++at;
  return at;
}
#endif

int HexDigit(uint8_t c) {
  if (IsDigit(c)) return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

// Four hexadecimal digits; -1 when they are not. Stops at the first byte that is none.
int32_t HexUnit(const uint8_t* at) {
  int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool IsHighSurrogate(int32_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool IsLowSurrogate(int32_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

uint8_t* PutUtf8(int32_t code, uint8_t* out) {
  const auto tail = [&](int shift) { return static_cast<uint8_t>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    *out++ = static_cast<uint8_t>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<uint8_t>(0xc0 | code >> 6);
    *out++ = tail(0);
  } else if (code < 0x10000) {
    *out++ = static_cast<uint8_t>(0xe0 | code >> 12);
    *out++ = tail(6);
    *out++ = tail(0);
  } else {
    *out++ = static_cast<uint8_t>(0xf0 | code >> 18);
    *out++ = tail(12);
    *out++ = tail(6);
    *out++ = tail(0);
  }
  return out;
}

// What the letter behind a backslash stands for; 0 for none.
uint8_t ShortEscape(uint8_t c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

std::string Named(uint8_t c) {
  if (c >= 0x20 && c < 0x7f) return fmt::format("'{}'", static_cast<char>(c));
  return fmt::format("byte 0x{:02x}", c);
}

}  // namespace

bool JsonCursor::Fail(JsonProblem what, const uint8_t* where, std::string why) {
  problem = what;
  problem_at = where;
  reason = std::move(why);
  depth_ = 0;
  return false;
}

bool JsonCursor::Unexpected(const char* expected) {
  if (at == end)
    return Fail(JsonProblem::kInvalid, at,
                fmt::format("the text ends where {} should stand", expected));
  if (*at == '\n')
    return Fail(JsonProblem::kInvalid, at,
                fmt::format("the line ends where {} should stand", expected));
  return Fail(JsonProblem::kInvalid, at,
              fmt::format("{} where {} should stand", Named(*at), expected));
}

bool JsonCursor::String(JsonString* out) {
  const uint8_t* place = at + 1;
  out->begin = place;
  out->escaped = false;
  while (true) {
    place = FindSpecial(place);
    if (*place == '"') [[likely]] {
      out->end = place;
      at = place + 1;
      return true;
    }
    if (*place == '\\') {
      out->escaped = true;
      if (!Escape(&place)) return false;
      continue;
    }
    if (place == end || (*place == '\n' && !newline_is_blank))
      return Fail(JsonProblem::kInvalid, place,
                  fmt::format("the {} ends inside a string", place == end ? "text" : "line"));
    return Fail(JsonProblem::kInvalid, place,
                fmt::format("a control character inside a string (it must be written as \\u{:04x})",
                            *place));
  }
}

// Moves `place` from a backslash to behind what it begins.
bool JsonCursor::Escape(const uint8_t** place) {
  const uint8_t* const backslash = *place;
  if (ShortEscape(backslash[1]) != 0) {
    *place = backslash + 2;
    return true;
  }
  if (backslash[1] != 'u') {
    if (backslash + 1 == end || backslash[1] == '\n')
      return Fail(JsonProblem::kInvalid, backslash, "a backslash at the end");
    return Fail(JsonProblem::kInvalid, backslash,
                fmt::format("a backslash before {}", Named(backslash[1])));
  }
  const int32_t unit = HexUnit(backslash + 2);
  if (unit < 0)
    return Fail(JsonProblem::kInvalid, backslash, "\\u without four hexadecimal digits");
  *place = backslash + 6;
  if (!IsHighSurrogate(unit) && !IsLowSurrogate(unit)) return true;
  if (IsHighSurrogate(unit) && backslash[6] == '\\' && backslash[7] == 'u' &&
      IsLowSurrogate(HexUnit(backslash + 8))) {
    *place = backslash + 12;
    return true;
  }
  return Fail(JsonProblem::kInvalid, backslash,
              fmt::format("half of a surrogate pair, \\u{:04x}, is no character", unit));
}

bool JsonCursor::Number() {
  at += *at == '-';
  if (!IsDigit(*at)) return Unexpected("a digit");
  const bool zero = *at == '0';
  while (IsDigit(*++at) && !zero) {
  }
  if (zero && IsDigit(*at))
    return Fail(JsonProblem::kInvalid, at, "a number that begins with a needless 0");
  if (*at == '.') {
    if (!IsDigit(*++at)) return Unexpected("a digit");
    while (IsDigit(*at)) ++at;
  }
  if ((*at | 0x20) == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!IsDigit(*at)) return Unexpected("a digit");
    while (IsDigit(*at)) ++at;
  }
  return true;
}

bool JsonCursor::Scalar() {
  if (IsDigit(*at) || *at == '-') return Number();
  for (const char* word : {"true", "false", "null"}) {
    const size_t length = std::strlen(word);
    if (std::memcmp(at, word, length) != 0) continue;
    at += length;
    return true;
  }
  return Unexpected("a value");
}

bool JsonCursor::SkipValue() {
  JsonString text;
  switch (*at) {
    case '"':
      return String(&text);
    case '{':
      return Members([&] { return String(&text) && Expect(':', "':'") && SkipValue(); });
    case '[':
      return Elements([&] { return SkipValue(); });
    default:
      return Scalar();
  }
}

uint8_t* DecodeJsonString(const JsonString& text, uint8_t* out) {
  const uint8_t* at = text.begin;
  while (at != text.end) {
    const void* found = std::memchr(at, '\\', static_cast<size_t>(text.end - at));
    const uint8_t* stop = found != nullptr ? static_cast<const uint8_t*>(found) : text.end;
    std::memcpy(out, at, static_cast<size_t>(stop - at));
    out += stop - at;
    if (stop == text.end) break;
    if (stop[1] != 'u') {
      *out++ = ShortEscape(stop[1]);
      at = stop + 2;
      continue;
    }
    int32_t code = HexUnit(stop + 2);
    at = stop + 6;
    if (IsHighSurrogate(code)) {
      code = 0x10000 + ((code - 0xd800) << 10) + (HexUnit(stop + 8) - 0xdc00);
      at = stop + 12;
    }
    out = PutUtf8(code, out);
  }
  return out;
}

}  // namespace headrace
