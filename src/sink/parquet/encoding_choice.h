// Which Parquet encoding a column's values deserve, judged from a sample of them.
#pragma once

#include <arrow/array.h>
#include <parquet/types.h>

#include <cstdint>

#include "sink/parquet/layout.h"

namespace headrace {

// kByteStreamSplit: floats alone, where PaysToSplit says so. kDelta: DELTA_BINARY_PACKED.
// kDeltaLength: DELTA_LENGTH_BYTE_ARRAY, lengths apart from the text, which then compresses better
// at no cost.
enum class ColumnEncoding : uint8_t { kPlain, kDictionary, kDelta, kDeltaLength, kByteStreamSplit };

// What a few thousand values, spread over the row group, say about all of them.
struct ColumnSample {
  int64_t rows = 0;        // of the whole column
  int64_t taken = 0;       // values looked at, without nulls
  int64_t distinct = 0;    // among those
  double value_bytes = 0;  // mean size of a value in PLAIN form
  double delta_bits = -1;  // mean bits of a DELTA_BINARY_PACKED value; -1 = not an integer column
  bool is_text = false;    // of varying length
  int64_t largest_bytes = 0;  // of all texts, not only of those looked at
};

ColumnSample SampleColumn(const arrow::ArrayVector& chunks);

// How many distinct values a column has of which `taken` drawn at random showed `distinct`: inverts
// the expectation D (1 - exp(-taken / D)). Infinite when every value drawn was new.
double EstimateDistinct(int64_t taken, int64_t distinct);

// A dictionary costs a hash table several times its size and a look-up per value, so it must earn
// that: only where it fits its page limit and makes the column clearly smaller. Deltas are nearly
// free to make. Texts above a page's size are PLAIN: the library's DELTA_LENGTH_BYTE_ARRAY encoder
// takes its memory from Arrow's default pool, where no budget counts it, and such a page grows with
// its text.
ColumnEncoding ChooseEncoding(const ColumnSample& sample, const ParquetOptions& options);

// As the file format names it.
parquet::Encoding::type FormatEncodingOf(ColumnEncoding encoding);

}  // namespace headrace
