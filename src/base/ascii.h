// Kinds of ASCII characters, whatever the locale says.
#pragma once

namespace headrace {

inline constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace headrace
