// RowRange: consecutive rows of a row group or of a record batch.
#pragma once

#include <cstdint>
#include <vector>

namespace headrace {

struct RowRange {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
  bool operator==(const RowRange&) const = default;
};

using RowRanges = std::vector<RowRange>;  // ascending, with gaps between them

}  // namespace headrace
