// Which row groups a filter cannot find anything in.
#pragma once

#include <arrow/scalar.h>
#include <parquet/metadata.h>

#include "expr/expr.h"
#include "source/hive.h"
#include "source/parquet/parquet_file.h"

namespace headrace {

// False only when neither the row group's statistics nor the file's directory leave a row that satisfies `predicate`.
// Statistics that cannot be trusted count as unknown: of floating columns the maximum (NaN is greater than all and left
// out by writers), and everything the library itself doubts.
bool RowGroupMayMatch(const expr::BoundExpr& predicate, const ParquetFile& file, int row_group,
                      const arrow::FieldVector& hive_fields, const arrow::ScalarVector& hive_values);

// The same from the directory alone, before the file is opened.
bool DirectoryMayMatch(const expr::BoundExpr& predicate, const arrow::FieldVector& hive_fields,
                       const arrow::ScalarVector& hive_values);

}  // namespace headrace
