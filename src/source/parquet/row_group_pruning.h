// Which row groups a filter cannot find anything in.
#pragma once

#include <parquet/metadata.h>

#include "expr/expr.h"
#include "source/hive.h"
#include "source/parquet/parquet_file.h"

namespace headrace {

// False only when neither the row group's statistics nor the file's directory leave a row that
// satisfies `predicate`. Statistics that cannot be trusted count as unknown: of floating columns
// the maximum (NaN is greater than all and left out by writers), and everything the library itself
// doubts.
// A column that the file has in another type than `schema` of the scan counts as unknown, too.
bool RowGroupMayMatch(const expr::BoundExpr& predicate, const arrow::Schema& schema,
                      const ParquetFile& file, int row_group, const HiveColumns& hive,
                      int file_index);

}  // namespace headrace
