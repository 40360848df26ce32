// Builds columns of lists, maps and structs out of value blobs (nested_values.h).
#pragma once

#include <arrow/array/data.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "data/row_layout.h"

namespace headrace {

// Role: builds one column, with its children, out of value blobs in two passes: Count over every
// value, Allocate once, Add over the same values in the same order. So no buffer ever grows. Owner:
// one decoding call. Threads: one. Errors: OutOfMemory from the pool; BadInput when 32-bit offsets
// overflow.
class NestedColumn {
 public:
  explicit NestedColumn(std::shared_ptr<arrow::DataType> type);

  // Both return the first byte after the value. A null pointer stands for a null without bytes.
  const uint8_t* Count(const uint8_t* blob);
  Status Allocate(arrow::MemoryPool* pool);
  const uint8_t* Add(const uint8_t* blob);
  Result<std::shared_ptr<arrow::ArrayData>> Finish();

 private:
  bool is_list() const;
  bool has_wide_offsets() const;
  bool has_narrow_offsets() const;
  // Places that a null value still takes in each child: those of structs and fixed-size lists.
  int64_t child_places_of_null() const;
  void SetOffset(int64_t position, int64_t offset);
  const uint8_t* AddValid(const uint8_t* blob);

  std::shared_ptr<arrow::DataType> type_;
  RowValueKind kind_;
  arrow::Type::type id_;  // of the storage
  int32_t width_ = 0;
  std::vector<NestedColumn> children_;
  int64_t length_ = 0;      // counted values
  int64_t heap_bytes_ = 0;  // counted bytes of strings, or counted list elements
  int64_t added_ = 0;
  int64_t heap_added_ = 0;
  int64_t nulls_ = 0;
  std::shared_ptr<arrow::Buffer> validity_;
  std::shared_ptr<arrow::Buffer> values_;  // values, offsets or views
  std::shared_ptr<arrow::Buffer> heap_;
};

}  // namespace headrace
