// Numbers of a few bits each, as Parquet's encodings of integers pack them.
#pragma once

#include <arrow/buffer_builder.h>

#include <cstdint>
#include <span>

#include "base/status.h"

namespace headrace {

// Room that PackBits may write to: the packed bytes, and a word behind them.
constexpr int64_t PackedBytesMax(int64_t count, int width) { return (count * width + 7) / 8 + 8; }

// Packs the lowest `width` bits of every value, the least significant bit first; the last byte is
// filled up with zeros. No value may have higher bits. Returns the end of what was written.
template <typename T>
uint8_t* PackBits(std::span<const T> values, int width, uint8_t* out);

// The format's hybrid of runs of one value and bit-packed groups of eight.
Status AppendRuns(std::span<const uint32_t> values, int width, arrow::BufferBuilder* out);
// The same for the definition levels of a column without nesting, bits of `present`; their length
// stands before them.
Status AppendLevels(const uint8_t* present, int64_t count, int64_t null_count,
                    arrow::BufferBuilder* out);

// Room for it is reserved. Copying nothing needs no pointers: either side may have none then.
inline void AppendReserved(const void* data, int64_t bytes, arrow::BufferBuilder* out) {
  if (bytes > 0) out->UnsafeAppend(data, bytes);
}

// LEB128, as the format writes counts. At most 10 bytes. Returns the end of what was written.
uint8_t* WriteVarint(uint64_t value, uint8_t* out);

}  // namespace headrace
