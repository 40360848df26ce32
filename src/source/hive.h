// Columns out of directory names: "year=2024/borough=Bronx/part.parquet".
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace headrace {

// One k=v directory of a path, percent-decoded; no value for __HIVE_DEFAULT_PARTITION__, which
// stands for NULL.
struct HiveValue {
  std::string key;
  std::optional<std::string> value;
};

// The k=v directories of a path below its root (a path without any gives none). The last name, the
// file's, is left out.
std::vector<HiveValue> ParseHivePath(std::string_view relative_path);

// The columns that a set of files has through its directories: same keys for all, one value per
// file and column.
struct HiveColumns {
  arrow::FieldVector fields;
  std::vector<arrow::ScalarVector> values;  // [file][column]
  std::string file_column;  // the one of `fields` that holds the file's path; "" = none
  bool empty() const { return fields.empty(); }
  int IndexOf(std::string_view name) const;  // -1 = none
};

// Types every column without loss: int64 when all values are integers as a program writes them (no
// leading zero, no plus sign), date when all are yyyy-MM-dd, else string. `paths` are for messages.
// Errors: Source when files have different keys or a key occurs twice.
Result<HiveColumns> TypeHiveColumns(const std::vector<std::vector<HiveValue>>& files,
                                    const std::vector<std::string>& paths);

// Adds a column of this name that holds the paths, beside those of directories. InvalidConfig when
// a directory's key has the name.
Status AddFileColumn(const std::string& name, const std::vector<std::string>& paths,
                     HiveColumns* columns);
// InvalidConfig when one of the files' own columns has the name of the one for paths.
Status CheckFileColumn(const HiveColumns& columns, const std::vector<std::string>& file_columns,
                       const std::string& path);

// A batch of `schema` out of a batch of `file`: columns named in `hive` are filled with the file's
// value, all others are taken from `batch`, which has them in the same order.
Result<std::shared_ptr<arrow::RecordBatch>> AddHiveColumns(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& schema,
    const HiveColumns& hive, int file, arrow::MemoryPool* pool);

}  // namespace headrace
