// Slices of a column small enough to be encoded at once.
#pragma once

#include <arrow/array.h>

#include <cstdint>

namespace headrace {

inline constexpr int64_t kSliceRows = 4 * 1024;

// How many rows from `begin` on may go into one slice: at most kSliceRows, and no more than have
// `bytes_max` of text. 0 when the first alone has more.
int64_t SliceRows(const arrow::Array& chunk, int64_t begin, int64_t bytes_max);

}  // namespace headrace
