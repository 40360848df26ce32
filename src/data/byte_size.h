// How many bytes of values an array or batch refers to.
#pragma once

#include <arrow/array/data.h>
#include <arrow/record_batch.h>

#include <cstdint>

namespace headrace {

// Bytes of the rows an array shows: slices count their part only, buffers shared by several columns
// count each time. Reads no values but the ends of offsets and allocates nothing, so it may be
// called for every batch.
int64_t ReferencedBytes(const arrow::ArrayData& array);
int64_t ReferencedBytes(const arrow::RecordBatch& batch);

}  // namespace headrace
