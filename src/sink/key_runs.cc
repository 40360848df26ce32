#include "sink/key_runs.h"

#include <arrow/array.h>
#include <arrow/util/checked_cast.h>

#include <cstring>

namespace headrace {
namespace {

// Marks every row but the first whose value, or whose being NULL, differs from the row before.
template <typename Differs>
void MarkChanges(const arrow::Array& column, uint8_t* starts, Differs differs) {
  const int64_t rows = column.length();
  if (column.null_count() == 0) {
    for (int64_t row = 1; row < rows; ++row) starts[row] |= differs(row) ? 1 : 0;
    return;
  }
  for (int64_t row = 1; row < rows; ++row) {
    const bool is_null = column.IsNull(row);
    const bool changed = is_null != column.IsNull(row - 1) || (!is_null && differs(row));
    starts[row] |= changed ? 1 : 0;
  }
}

template <typename Word>
void MarkWords(const arrow::Array& column, uint8_t* starts) {
  const Word* values = column.data()->GetValues<Word>(1);
  MarkChanges(column, starts, [=](int64_t row) { return values[row] != values[row - 1]; });
}

void MarkFixedWidth(const arrow::Array& column, int width, uint8_t* starts) {
  switch (width) {
    case 1:
      return MarkWords<uint8_t>(column, starts);
    case 2:
      return MarkWords<uint16_t>(column, starts);
    case 4:
      return MarkWords<uint32_t>(column, starts);
    case 8:
      return MarkWords<uint64_t>(column, starts);
    default:
      break;
  }
  const uint8_t* values = column.data()->buffers[1]->data() + column.offset() * width;
  MarkChanges(column, starts, [=](int64_t row) {
    return std::memcmp(values + row * width, values + (row - 1) * width,
                       static_cast<size_t>(width)) != 0;
  });
}

template <typename ArrayType>
void MarkViews(const arrow::Array& column, uint8_t* starts) {
  const auto& values = arrow::internal::checked_cast<const ArrayType&>(column);
  MarkChanges(column, starts,
              [&](int64_t row) { return values.GetView(row) != values.GetView(row - 1); });
}

void MarkColumn(const arrow::Array& column, uint8_t* starts) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return MarkViews<arrow::BooleanArray>(column, starts);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return MarkViews<arrow::BinaryArray>(column, starts);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return MarkViews<arrow::LargeBinaryArray>(column, starts);
    default:
      break;
  }
  if (arrow::is_primitive(column.type_id()) || arrow::is_decimal(column.type_id()) ||
      column.type_id() == arrow::Type::FIXED_SIZE_BINARY) {
    return MarkFixedWidth(column, column.type()->byte_width(), starts);
  }
  std::memset(starts, 1, static_cast<size_t>(column.length()));
}

}  // namespace

Result<KeyRuns> FindKeyRuns(const arrow::ArrayVector& key_columns, int64_t rows,
                            arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const auto marks, arrow::AllocateBuffer(rows, pool));
  uint8_t* starts = marks->mutable_data();
  std::memset(starts, 0, static_cast<size_t>(rows));
  starts[0] = 1;
  for (const auto& column : key_columns) MarkColumn(*column, starts);
  KeyRuns runs;
  for (int64_t row = 0; row < rows; ++row) runs.count += starts[row];
  ARROW_ASSIGN_OR_RAISE(runs.starts, arrow::AllocateBuffer(runs.count * 4, pool));
  auto* next = runs.starts->mutable_data_as<int32_t>();
  for (int64_t row = 0; row < rows; ++row) {
    if (starts[row] != 0) *next++ = static_cast<int32_t>(row);
  }
  return runs;
}

}  // namespace headrace
