// FlatPages: a column chunk without nesting, from Arrow arrays to compressed pages.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer_builder.h>

#include <cstdint>
#include <memory>

#include "sink/parquet/flat_values.h"
#include "sink/parquet/page_writer.h"
#include "sink/parquet/value_bounds.h"
#include "sink/parquet/value_dictionary.h"

namespace headrace {

// What the pages of one encoder share from column to column.
struct FlatScratch {
  explicit FlatScratch(arrow::MemoryPool* pool) : page(pool), present(pool) {}
  std::unique_ptr<arrow::ResizableBuffer> values;
  arrow::BufferBuilder page;
  arrow::TypedBufferBuilder<bool> present;
};

struct FlatPagesOptions {
  FlatType type;
  bool nullable = true;
  ColumnEncoding encoding = ColumnEncoding::kPlain;
  ColumnEncoding fallback = ColumnEncoding::kPlain;  // once a dictionary is full
  int64_t page_bytes = 0;
  int64_t dictionary_bytes = 0;
};

// Role: encodes one column chunk in this project's own encoders, slice by slice, and takes its
// bounds from the values as they pass. A page ends by its bytes or its rows; no text may be larger
// than a page. V: as ValueEncoder. Owner: FlatColumnEncoder. Threads: one. Errors: OutOfMemory,
// also as bad_alloc; Parquet's exceptions, as EncodedPageWriter.
template <typename V>
class FlatPages {
 public:
  // All that is pointed to must outlive it.
  FlatPages(FlatPagesOptions options, EncodedColumn* column, PageScratch* page_scratch,
            FlatScratch* scratch);

  Status Add(const arrow::Array& chunk);
  Status Finish();

 private:
  Status AddSlice(const arrow::Array& slice);
  Status FinishPage();
  Status FinishDictionary();
  ValueEncoder<V>& encoder() { return dictionary_ ? *dictionary_ : *encoder_; }

  const FlatPagesOptions options_;
  EncodedColumn* column_;
  PageScratch* page_scratch_;
  FlatScratch* scratch_;
  EncodedPageWriter writer_;
  std::unique_ptr<ValueDictionary<V>> dictionary_;  // null once it is full
  std::unique_ptr<ValueEncoder<V>> encoder_;        // otherwise
  ValueBounds<V> page_bounds_;
  ValueBounds<V> bounds_;
  int64_t rows_ = 0;  // of the page
  int64_t nulls_ = 0;
  int64_t chunk_nulls_ = 0;
};

}  // namespace headrace
