// CSV and JSON lines as output forms.
#pragma once

#include <memory>

#include "sink/output_form.h"
#include "sink/text/column_text.h"

namespace headrace {

struct TextFormOptions {
  TextStyle style;
  OutputCompression compression;               // gzip, zstd or none
  int64_t chunk_bytes_max = int64_t{4} << 20;  // of text as it is stored, in one chunk
};

// Text is made and compressed in blocks of this size, each a frame (a gzip member) of its own: that
// is what lets workers compress one file side by side, and keeps contexts small.
inline constexpr int64_t kTextBlockBytes = int64_t{256} << 10;

// Errors: InvalidPlan as CheckTextColumns.
Result<std::shared_ptr<const OutputForm>> MakeTextForm(std::shared_ptr<arrow::Schema> schema,
                                                       const TextFormOptions& options);

// Pool bytes that encoding may hold beside its input, in the usual case: a row whose text is longer
// than a block takes that more.
int64_t TextEncoderBytesMax(int64_t chunk_bytes_max);

}  // namespace headrace
