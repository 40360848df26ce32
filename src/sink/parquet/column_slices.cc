#include "sink/parquet/column_slices.h"

#include <algorithm>

namespace headrace {
namespace {

template <typename Offset>
int64_t RowsWithin(const Offset* offsets, int64_t begin, int64_t end, int64_t bytes_max) {
  const auto limit = static_cast<int64_t>(offsets[begin]) + bytes_max;
  const Offset* last =
      std::upper_bound(offsets + begin + 1, offsets + end + 1, limit,
                       [](int64_t value, Offset offset) { return value < offset; });
  return last - (offsets + begin + 1);
}

}  // namespace

int64_t SliceRows(const arrow::Array& chunk, int64_t begin, int64_t bytes_max) {
  const int64_t end = std::min(chunk.length(), begin + kSliceRows);
  switch (chunk.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return RowsWithin(static_cast<const arrow::BinaryArray&>(chunk).raw_value_offsets(), begin,
                        end, bytes_max);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return RowsWithin(static_cast<const arrow::LargeBinaryArray&>(chunk).raw_value_offsets(),
                        begin, end, bytes_max);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: {
      const auto& views = static_cast<const arrow::BinaryViewArray&>(chunk);
      int64_t bytes = 0;
      int64_t row = begin;
      for (; row < end; ++row) {
        if (!views.IsNull(row)) bytes += static_cast<int64_t>(views.GetView(row).size());
        if (bytes > bytes_max) break;
      }
      return row - begin;
    }
    default:
      return end - begin;
  }
}

}  // namespace headrace
