// ValueEncoder: values of one column into the bodies of pages, in one of the format's encodings.
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <span>

#include "base/status.h"
#include "sink/parquet/encoding_choice.h"

namespace headrace {

// Role: takes the values that are not null and makes the body of a page of them. V: uint32_t,
// uint64_t (the bits of floats as well), std::string_view. Holds one page. Owner: FlatPages.
// Threads: one. Errors: OutOfMemory from the pool, which also comes as bad_alloc.
template <typename V>
class ValueEncoder {
 public:
  virtual ~ValueEncoder() = default;
  virtual Status Put(std::span<const V> values) = 0;
  // About the body that FinishPage would append.
  virtual int64_t page_bytes() const = 0;
  // Appends the body and begins the next page.
  virtual Status FinishPage(arrow::BufferBuilder* page) = 0;
};

// All but kDictionary, which is in value_dictionary.h. An encoding that V has none of is kPlain.
template <typename V>
std::unique_ptr<ValueEncoder<V>> MakeValueEncoder(ColumnEncoding encoding, arrow::MemoryPool* pool);

}  // namespace headrace
