// Whether strings that a file hands over in Arrow's form are UTF-8.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <optional>

namespace headrace {

// The first row of `column` with a string that is not UTF-8, also inside lists, structs, maps and
// dictionaries; nullopt when there is none. Bytes of NULL do not count. The lengths and offsets of
// `column` have to be valid.
std::optional<int64_t> FindRowNotUtf8(const arrow::Array& column);

}  // namespace headrace
