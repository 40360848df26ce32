// Whether the bytes of floats compress better apart: BYTE_STREAM_SPLIT.
#pragma once

#include <arrow/array.h>
#include <arrow/memory_pool.h>

#include <cstdint>

#include "sink/block_codec.h"

namespace headrace {

// Byte `b` of value `i` goes to out[b * count + i], `count` being bytes / width. First bytes stand
// together, then second ones: the high bytes of floats repeat.
void SplitBytes(const uint8_t* values, int64_t bytes, int width, uint8_t* out);

// Compresses some values of `chunks`, floats or doubles, both ways. False without a codec.
// Scratch of about 100 KiB from `pool`.
Result<bool> PaysToSplit(const arrow::ArrayVector& chunks, BlockCodec* codec,
                         arrow::MemoryPool* pool);

}  // namespace headrace
