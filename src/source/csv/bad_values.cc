#include "source/csv/bad_values.h"

#include <algorithm>

namespace headrace {

std::vector<int> ColumnsInOrderOfFields(const std::vector<CheckedColumn>& columns) {
  std::vector<int> order;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field >= 0) order.push_back(static_cast<int>(i));
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return columns[static_cast<size_t>(a)].field < columns[static_cast<size_t>(b)].field;
  });
  return order;
}

Result<arrow::ArrayVector> GoodRowsConverter::Convert(RecordIndexer* indexer, RecordRange* range) {
  arrow::ArrayVector arrays(columns_.size());
  const auto convert = [&](int column) -> Status {
    const CheckedColumn& checked = columns_[static_cast<size_t>(column)];
    bad_.places.clear();
    return checked.converter->ConvertOrFind(*range, checked.field, pool_, &bad_)
        .Value(&arrays[static_cast<size_t>(column)]);
  };
  for (const int column : order_) {
    ARROW_RETURN_NOT_OK(convert(column));
    if (bad_.places.empty()) continue;
    indexer->TakeOut(bad_, column, range);
    std::fill(arrays.begin(), arrays.end(), nullptr);
  }
  for (const int column : order_) {
    if (arrays[static_cast<size_t>(column)] != nullptr) continue;
    ARROW_RETURN_NOT_OK(convert(column));
    HEADRACE_CHECK(bad_.places.empty());
  }
  return arrays;
}

}  // namespace headrace
