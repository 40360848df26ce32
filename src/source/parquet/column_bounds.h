// What a Parquet file says of a column's values: bounds by row group and by page, Bloom filters.
#pragma once

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <map>
#include <memory>
#include <string>

#include "expr/expr.h"
#include "source/parquet/parquet_file.h"

namespace headrace {

// A column that a filter may be held against.
struct PrunableColumn {
  int leaf = -1;  // -1 = none: nested, not in the file, or of another type there than in the scan
  std::shared_ptr<arrow::Field> field;  // of the file
};
PrunableColumn FindPrunableColumn(const std::string& name, const arrow::Schema& scan_schema,
                                  const ParquetFile& file);

// Without what cannot be trusted. `rows` is how many the statistics speak of.
expr::ColumnBounds BoundsOf(const parquet::Statistics& statistics, const arrow::Field& field,
                            int64_t rows);

// Role: answers from the Bloom filters of a row group's columns, each of which is read when it is
// first asked. Where there is none, or it is damaged or larger than it is worth, any value may be
// there. Owner: one look at a row group; `file` and `schema` must outlive it. Threads: one.
class BloomFilters {
 public:
  BloomFilters(const ParquetFile& file, int row_group, const arrow::Schema& scan_schema,
               arrow::MemoryPool* pool);
  ~BloomFilters();

  bool MayContain(const std::string& column, const arrow::Scalar& value);

 private:
  struct Filter;
  Filter ReadFilter(const std::string& column);

  const ParquetFile& file_;
  const int row_group_;
  const arrow::Schema& scan_schema_;
  arrow::MemoryPool* pool_;
  std::map<std::string, Filter> filters_;
};

}  // namespace headrace
