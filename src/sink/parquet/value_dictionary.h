// ValueDictionary: distinct values of a column chunk, and its pages as numbers of them.
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/stl_allocator.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "sink/parquet/value_bounds.h"
#include "sink/parquet/value_encoder.h"

namespace headrace {

// Role: the encoder of kDictionary. Its owner looks at table_bytes after every Put, so the table
// passes any limit by one slice of values at most. Owner, threads, errors: as ValueEncoder.
template <typename V>
class ValueDictionary : public ValueEncoder<V> {
 public:
  explicit ValueDictionary(arrow::MemoryPool* pool);

  Status Put(std::span<const V> values) override;
  int64_t page_bytes() const override;
  Status FinishPage(arrow::BufferBuilder* page) override;

  // The bounds of the page so far: its entries are fewer than its values.
  void AddPageBounds(ValueBounds<V>* bounds);

  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  // The values in PLAIN form: the body of the dictionary page.
  int64_t table_bytes() const { return table_.length(); }
  const uint8_t* table() const { return table_.data(); }

 private:
  template <typename T>
  using PoolVector = std::vector<T, arrow::stl::allocator<T>>;

  uint32_t NumberOf(V value);
  V Entry(uint32_t number) const;
  bool IsEntry(uint32_t number, V value) const;
  uint32_t AddEntry(V value);
  void GrowSlots();
  int width() const;

  arrow::BufferBuilder table_;
  PoolVector<uint32_t> entries_;  // where each value begins in the table
  PoolVector<uint8_t> is_used_;   // by the page, while its bounds are made
  // Open addressing: the upper half of the hash above the entry's number from 1; 0 = free.
  PoolVector<uint64_t> slots_;
  int shift_;                     // of a hash, to its slot
  arrow::BufferBuilder numbers_;  // uint32_t, of the page
};

}  // namespace headrace
