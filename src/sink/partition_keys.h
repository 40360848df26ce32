// Which columns name the directories and which stand in the files.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <vector>

#include "base/status.h"
#include "sink/sink.h"

namespace headrace {

struct PartitionColumns {
  std::shared_ptr<arrow::Schema> all;  // in the form they are stored in
  std::shared_ptr<arrow::Schema>
      keys;  // in the order of partition_by, dictionaries as their values
  std::vector<int> key_indices;
  std::shared_ptr<arrow::Schema> stored;  // the rest, in the order of the schema
  std::vector<int> stored_indices;
};

// Errors: InvalidPlan for keys that are unknown, repeated, of a type without a directory text or
// named so that readers skip the directory, and when no column would be left.
Result<PartitionColumns> SplitPartitionColumns(const SinkOptions& options);

}  // namespace headrace
