// LongTextPages: pages of texts so long that every copy of one counts.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "sink/parquet/page_writer.h"

namespace headrace {

// Texts of at least this many bytes are written by LongTextPages: the library's writer holds a page
// three times while it compresses it.
inline constexpr int64_t kLongTextBytes = int64_t{4} << 20;

// Role: turns rows of a text column into PLAIN pages. A page's bytes go from the rows straight into
// the codec, so beside its input it holds what the page takes compressed; with a codec that knows
// no streams, the plain page too. Owner: FlatColumnEncoder, for one column chunk. Threads: one.
// Errors: OutOfMemory; Parquet's exceptions, as EncodedPageWriter.
class LongTextPages {
 public:
  // `column` and `scratch` must outlive it.
  LongTextPages(EncodedColumn* column, PageScratch* scratch)
      : scratch_(scratch), writer_(column, scratch, CodecUse::kAlways) {}

  // `rows` as one page. Strings or binaries.
  Status Add(const arrow::Array& rows, bool nullable);
  void Close() { writer_.Close(/*has_dictionary=*/false, /*fallback=*/false); }

 private:
  PageScratch* scratch_;
  EncodedPageWriter writer_;
};

}  // namespace headrace
