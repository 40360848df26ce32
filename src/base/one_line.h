// A text from elsewhere as part of a message.
#pragma once

#include <string>
#include <string_view>

namespace headrace {

// Of what a library says.
inline constexpr size_t kLibraryTextMax = 300;

// With blanks for control characters, cut to `bytes_max`.
inline std::string OneLine(std::string_view text, size_t bytes_max = std::string_view::npos) {
  std::string line(text.substr(0, bytes_max));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

}  // namespace headrace
