// Sort keys: what rows are ordered by, as bytes whose order is theirs.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "data/row_codec.h"

namespace headrace {

enum class SortDirection : uint8_t { kAscending, kDescending };

// NULLs come last in both directions.
struct SortKeyColumn {
  int index = 0;  // of the schema
  SortDirection direction = SortDirection::kAscending;
};

// One column's part of a key; see sort_key.cc.
class SortKeyPart;

// Role: makes keys that compare as bytes (memcmp, the shorter of two that agree first): numbers by
// value with NaN above infinity and -0.0 = 0.0, text and binary by their bytes, moments by time.
// Owner: a sorting sink. Threads: any. Errors: InvalidPlan naming a column whose type has no order;
// OutOfMemory from the pool.
class SortKeyEncoder {
 public:
  static Result<std::shared_ptr<const SortKeyEncoder>> Make(
      const arrow::Schema& schema, const std::vector<SortKeyColumn>& columns);
  ~SortKeyEncoder();

  // The keys of all rows, each behind its length as u32. The batch has the schema given to Make.
  Result<EncodedRows> Encode(const arrow::RecordBatch& batch, arrow::MemoryPool* pool) const;

 private:
  SortKeyEncoder();
  struct Column {
    int index;
    std::unique_ptr<const SortKeyPart> part;
  };
  std::vector<Column> columns_;
};

}  // namespace headrace
