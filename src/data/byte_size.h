// How many bytes of values an array or batch refers to, and about how many a row will take.
#pragma once

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>

namespace headrace {

// Bytes of the rows an array shows: slices count their part only, buffers shared by several columns
// count each time. Reads no values but the ends of offsets and allocates nothing, so it may be
// called for every batch.
int64_t ReferencedBytes(const arrow::ArrayData& array);
int64_t ReferencedBytes(const arrow::RecordBatch& batch);

// A row's bytes as far as its types tell: text, whose length is not known, counts as 24 bytes,
// offset included, and a list as two elements.
int64_t GuessRowBytes(const arrow::Schema& schema);

}  // namespace headrace
