// RowLayout: how the columns of a schema lie inside one encoded row.
//
// A row is [u32 bytes of the whole row][null bits, one per column, 1 = null][one slot per
// column][heap]. A slot holds the value itself, or, for values of varying length, the u32 length of
// its piece of the heap; pieces stand in column order. Nothing is aligned. Rows are whole and need
// no neighbour, so any run of them can be cut, moved, written out and read back.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"

namespace headrace {

enum class RowValueKind : uint8_t {
  kNull,       // no slot: the null bit says all
  kBool,       // one byte
  kFixed,      // `width` bytes
  kOffsets32,  // string, binary
  kOffsets64,  // large string, large binary
  kView,       // string view, binary view
  kNested,     // list, map, struct: a value blob (nested_values.h)
};

// The type that an extension type is stored as; any other type itself.
const arrow::DataType& StorageOf(const arrow::DataType& type);

// Refuses (InvalidPlan, naming the type) what rows cannot hold: unions, run-end encoding, list
// views, dictionaries in nested values.
Result<RowValueKind> RowValueKindOf(const arrow::DataType& type);

// Bytes of one value of a kBool or kFixed type.
int32_t RowValueWidth(const arrow::DataType& type);

struct RowColumn {
  RowValueKind kind = RowValueKind::kNull;
  int32_t width = 0;                      // of the slot
  int32_t slot = 0;                       // bytes from the row's start
  std::shared_ptr<arrow::DataType> type;  // of the decoded column: a dictionary's value type

  bool has_heap() const { return kind >= RowValueKind::kOffsets32; }
};

// Role: the row form of a schema. Immutable. Threads: any.
// Errors: InvalidPlan naming the column that rows cannot hold.
class RowLayout {
 public:
  static constexpr int64_t kRowBytesMax = int64_t{1} << 30;

  static Result<std::shared_ptr<const RowLayout>> Make(
      const std::shared_ptr<arrow::Schema>& schema);

  // Schema of decoded batches: the one given, with dictionaries replaced by their values.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const std::vector<RowColumn>& columns() const { return columns_; }
  // Bytes of a row whose heap is empty.
  int32_t fixed_bytes() const { return fixed_bytes_; }
  bool has_heap() const { return has_heap_; }

 private:
  RowLayout() = default;

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<RowColumn> columns_;
  int32_t fixed_bytes_ = 0;
  bool has_heap_ = false;
};

}  // namespace headrace
