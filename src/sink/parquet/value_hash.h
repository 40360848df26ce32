// Hashes and equality of values, for tables that live as long as a column is encoded: never stored.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace headrace {

inline uint64_t MixHash(uint64_t value) {
  value *= 0x9e3779b97f4a7c15ULL;
  value ^= value >> 32;
  return value * 0xd6e8feb86659fd93ULL;
}

template <typename Word>
uint64_t LoadWord(const char* data) {
  Word word;
  std::memcpy(&word, data, sizeof(word));
  return word;
}

inline uint64_t HashValue(std::string_view text) {
  const char* data = text.data();
  size_t size = text.size();
  uint64_t hash = size;
  for (; size > 8; data += 8, size -= 8) hash = MixHash(hash ^ LoadWord<uint64_t>(data));
  // The last words may overlap what was taken before.
  if (size == 8) return MixHash(hash ^ LoadWord<uint64_t>(data));
  if (size >= 4) {
    return MixHash(hash ^ (LoadWord<uint32_t>(data) | LoadWord<uint32_t>(data + size - 4) << 32));
  }
  if (size == 0) return MixHash(hash);
  const uint64_t word = LoadWord<uint8_t>(data) | LoadWord<uint8_t>(data + size / 2) << 8 |
                        LoadWord<uint8_t>(data + size - 1) << 16;
  return MixHash(hash ^ word);
}

// `size` bytes. Short texts are the common case, for which a call costs more than the comparison.
inline bool AreSameBytes(const char* a, const char* b, size_t size) {
  for (; size > 8; a += 8, b += 8, size -= 8) {
    if (LoadWord<uint64_t>(a) != LoadWord<uint64_t>(b)) return false;
  }
  if (size == 8) return LoadWord<uint64_t>(a) == LoadWord<uint64_t>(b);
  if (size >= 4) {
    return LoadWord<uint32_t>(a) == LoadWord<uint32_t>(b) &&
           LoadWord<uint32_t>(a + size - 4) == LoadWord<uint32_t>(b + size - 4);
  }
  for (size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

template <typename V>
  requires std::is_integral_v<V>
uint64_t HashValue(V value) {
  return MixHash(value + uint64_t{1});
}

}  // namespace headrace
