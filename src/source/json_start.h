// Tells JSON from delimited text by how a file begins.
#pragma once

#include <string_view>

namespace headrace {

// Whether the first bytes of a file are those of JSON: an object or array, or lines of them, as far
// as the bytes go. Text like "[a],b" or "[1],2" is not.
bool StartsAsJson(std::string_view start);

}  // namespace headrace
