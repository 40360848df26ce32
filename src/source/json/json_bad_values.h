// Values of JSON rows that the types of their columns cannot hold.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "source/json/pool_array.h"

namespace headrace {

// A value that its column's type cannot hold.
struct JsonBadValue {
  const uint8_t* begin = nullptr;  // null = none
  const uint8_t* end = nullptr;
  std::string column;
  std::shared_ptr<arrow::DataType> type;
  std::string reason;
  int64_t row = 0;                     // where bad values of many rows are gathered
  const uint8_t* row_begin = nullptr;  // likewise
};

// So many bad rows are known at a time: what is kept of them lives outside the pools.
inline constexpr size_t kJsonBadRowsMax = 1024;

// Role: gathers the first bad value of each row, over all columns. Where there are more than
// kJsonBadRowsMax such rows, the first ones of them. Threads: one.
class JsonBadValues {
 public:
  // `row_starts`: where each row begins in the text.
  JsonBadValues(const uint8_t* text, const PoolArray<uint32_t>& row_starts)
      : text_(text), row_starts_(row_starts) {}

  // False when the column has given as many rows as are wanted. Values of a column come in order.
  bool Add(JsonBadValue value);
  // All values of a column have been added.
  void EndColumn();
  // In the order of rows.
  std::vector<JsonBadValue>& values() { return values_; }
  int64_t RowAt(const uint8_t* place) const;

 private:
  const uint8_t* const text_;
  const PoolArray<uint32_t>& row_starts_;
  std::vector<JsonBadValue> values_;
  size_t column_begin_ = 0;
};

}  // namespace headrace
