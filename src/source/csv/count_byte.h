// How often a byte occurs in a text.
#pragma once

#include <algorithm>
#include <cstdint>

namespace headrace {

// Counts in bytes, as many as one can hold, so that the loop runs over whole vectors.
inline int64_t CountByte(const uint8_t* begin, const uint8_t* end, uint8_t byte) {
  constexpr int64_t kStep = 240;
  int64_t count = 0;
  while (begin != end) {
    const int64_t length = std::min<int64_t>(end - begin, kStep);
    uint8_t here = 0;
    for (int64_t i = 0; i < length; ++i) here += begin[i] == byte;
    count += here;
    begin += length;
  }
  return count;
}

}  // namespace headrace
