// Truth values out of text.
#pragma once

#include <cstdint>
#include <string_view>

namespace headrace {

// "true" or "false" in any case.
inline bool ParseTrueFalse(const uint8_t* begin, const uint8_t* end, bool* value) {
  const auto equals = [&](std::string_view word) {
    if (static_cast<size_t>(end - begin) != word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if ((begin[i] | 0x20) != word[i]) return false;
    }
    return true;
  };
  *value = equals("true");
  return *value || equals("false");
}

// The closed list of CAST: t true y yes 1, f false n no 0, in any case.
inline bool ParseBool(const uint8_t* begin, const uint8_t* end, bool* value) {
  if (ParseTrueFalse(begin, end, value)) return true;
  const int64_t length = end - begin;
  const auto lower = [&](int64_t i) { return begin[i] | 0x20; };
  if (length == 1) {
    *value = lower(0) == 't' || lower(0) == 'y' || *begin == '1';
    return *value || lower(0) == 'f' || lower(0) == 'n' || *begin == '0';
  }
  if (length == 2 && lower(0) == 'n' && lower(1) == 'o') {
    *value = false;
    return true;
  }
  *value = length == 3 && lower(0) == 'y' && lower(1) == 'e' && lower(2) == 's';
  return *value;
}

}  // namespace headrace
