#include <cstring>

#include "source/text/encoding.h"

namespace headrace {
namespace {

// Length of the valid sequence at `p`, or 0. The lead byte is not ASCII.
int SequenceLength(const uint8_t* p, int64_t available) {
  const uint8_t lead = p[0];
  const auto continuation = [&](int i) { return (p[i] & 0xc0) == 0x80; };
  if (lead >= 0xc2 && lead <= 0xdf) return available >= 2 && continuation(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (available < 3 || !continuation(1) || !continuation(2)) return 0;
    if (lead == 0xe0 && p[1] < 0xa0) return 0;  // overlong
    if (lead == 0xed && p[1] > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (available < 4 || !continuation(1) || !continuation(2) || !continuation(3)) return 0;
    if (lead == 0xf0 && p[1] < 0x90) return 0;
    if (lead == 0xf4 && p[1] > 0x8f) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

int64_t FindInvalidUtf8(const uint8_t* text, int64_t length) {
  int64_t i = 0;
  while (i < length) {
    if (length - i >= 8) {
      uint64_t word;
      std::memcpy(&word, text + i, 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        i += 8;
        continue;
      }
    }
    if (text[i] < 0x80) {
      ++i;
      continue;
    }
    const int width = SequenceLength(text + i, length - i);
    if (width == 0) return i;
    i += width;
  }
  return -1;
}

}  // namespace headrace
