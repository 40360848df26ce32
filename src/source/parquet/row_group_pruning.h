// Which row groups, and which of their rows, a filter cannot find anything in.
#pragma once

#include <arrow/memory_pool.h>

#include <optional>

#include "expr/expr.h"
#include "source/hive.h"
#include "source/parquet/parquet_file.h"
#include "source/row_range.h"

namespace headrace {

// A row group that is asked about. A column that the file has in another type than `schema`, the
// scan's, counts as unknown.
struct PruningTarget {
  const arrow::Schema& schema;
  const ParquetFile& file;
  int row_group = 0;
  const HiveColumns& hive;
  int file_index = 0;
  arrow::MemoryPool* pool = nullptr;
};

// False only when neither the row group's statistics and Bloom filters nor the file's directory
// leave a row that satisfies `predicate`. Statistics that cannot be trusted count as unknown: of
// floating columns the maximum (NaN is greater than all and left out by writers), and everything
// the library itself doubts. Bloom filters are read only for values that statistics leave possible.
bool RowGroupMayMatch(const expr::BoundExpr& predicate, const PruningTarget& target);

// The rows that the file's page index (Parquet's ColumnIndex and OffsetIndex) leaves, judged page
// by page; nullopt when it leaves all or there is none. An index that is damaged, or too large to
// be worth its memory, counts as none.
std::optional<RowRanges> RowsThatMayMatch(const expr::BoundExpr& predicate,
                                          const PruningTarget& target);

}  // namespace headrace
