// PageIndexBuilder: where the pages of a column chunk stand and what values they hold.
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <string>

#include "sink/parquet/row_group_encoder.h"

namespace headrace {

// Makes bounds of texts short enough for an index: a beginning of the smallest, and for the largest
// something that no text with its beginning passes. One that cannot be shortened is left out.
void ShortenTextBounds(EncodedBounds* bounds);

// Role: collects what the format's ColumnIndex and OffsetIndex say, one data page after the other.
// Once a page with values has no bounds, the column has no ColumnIndex. Holds some 50 bytes per
// page. Owner: EncodedPageWriter. Threads: one. Errors: OutOfMemory.
class PageIndexBuilder {
 public:
  explicit PageIndexBuilder(arrow::MemoryPool* pool);

  Status Add(const PagePlace& place, int64_t rows, const EncodedBounds& bounds);
  // Into column->page_places and column->column_index.
  Status Finish(arrow::MemoryPool* pool, EncodedColumn* column);

 private:
  int64_t pages_ = 0;
  bool has_bounds_ = true;
  arrow::BufferBuilder places_;
  // Elements of the index's lists in the compact form.
  arrow::BufferBuilder null_pages_;
  arrow::BufferBuilder mins_;
  arrow::BufferBuilder maxs_;
  arrow::BufferBuilder null_counts_;
};

// The OffsetIndex of a column whose first data page stands at `data_offset` of the file.
void DescribePagePlaces(const EncodedColumn& column, int64_t data_offset, std::string* out);

}  // namespace headrace
