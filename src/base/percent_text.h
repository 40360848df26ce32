// Bytes as %XX inside of text.
#pragma once

#include <string>
#include <string_view>

namespace headrace {

// Every %XX as its byte; a % without two hexadecimal digits behind it stands for itself.
std::string PercentDecode(std::string_view text);

// Everything but printable ASCII as %XX, and % itself: text that any encoding carries, and that
// PercentDecode gives back byte for byte.
std::string PercentEncode(std::string_view bytes);

}  // namespace headrace
