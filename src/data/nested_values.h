// Values of list, map and struct columns as bytes: what stands in the heap of an encoded row.
//
// A value is [u8 valid], and when valid: the bytes of a fixed value; [u32 length][bytes]; [u32
// count] and that many values (list, map); one value per field (struct).
#pragma once

#include <arrow/array/data.h>

#include <cstdint>

#include "base/status.h"
#include "data/row_layout.h"

namespace headrace {

// Bytes that WriteNestedValue will write for value `index` (counted without the array's offset).
int64_t NestedValueBytes(const arrow::ArrayData& array, int64_t index);
// Writes the value at `out` and returns the first byte after it.
uint8_t* WriteNestedValue(const arrow::ArrayData& array, int64_t index, uint8_t* out);

}  // namespace headrace
