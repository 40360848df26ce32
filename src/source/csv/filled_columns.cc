#include "source/csv/filled_columns.h"

#include <arrow/array/util.h>

namespace headrace {

Result<std::shared_ptr<arrow::Array>> FilledColumns::Make(
    int field, const RecordRange& range, const std::shared_ptr<arrow::DataType>& type,
    arrow::MemoryPool* pool) {
  if (field == kMissingField) return arrow::MakeArrayOfNull(type, range.rows, pool);
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(range.rows * 8, pool));
  auto* values = reinterpret_cast<int64_t*>(buffer->mutable_data());
  if (field == kOffsetOfRecord) {
    for (int64_t row = 0; row < range.rows; ++row)
      values[row] = block_.offset + range.RowStart(row);
  } else {
    for (int64_t row = 0; row < range.rows; ++row) {
      const int64_t start = range.RowStart(row);
      // A range may be looked at again, without its bad records.
      line_ += start >= position_ ? CountLines(position_, start) : -CountLines(start, position_);
      position_ = start;
      values[row] = line_;
    }
  }
  return std::make_shared<arrow::Int64Array>(range.rows, std::move(buffer));
}

}  // namespace headrace
