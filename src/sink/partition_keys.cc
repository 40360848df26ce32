#include "sink/partition_keys.h"

#include <arrow/util/checked_cast.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "sink/partition_path.h"
#include "sink/stored_columns.h"

namespace headrace {
namespace {

Status CheckName(const std::string& name) {
  if (!name.empty() && name.front() != '_' && name.front() != '.') return Status::OK();
  return MakeError(
      ErrorKind::kInvalidPlan, 631,
      "partition column whose directories readers would skip (names that begin with _ or . "
      "count as hidden); rename it: '{}'",
      name);
}

Status CheckType(const arrow::Field& field) {
  if (HasPartitionText(*field.type())) return Status::OK();
  return MakeError(
      ErrorKind::kInvalidPlan, 632,
      "partition column of a type that has no directory text; cast it to string or drop "
      "it from the keys: '{}' is {}",
      field.name(), field.type()->ToString());
}

Status UnknownColumn(const std::string& name, const arrow::Schema& schema) {
  return MakeError(ErrorKind::kInvalidPlan, 633,
                   "partition column that the result does not have, or has more than once: '{}'{}",
                   name, DidYouMean(name, schema.field_names()));
}

}  // namespace

Result<PartitionColumns> SplitPartitionColumns(const SinkOptions& options) {
  const auto stored = StoredSchema(*options.schema);
  PartitionColumns columns;
  columns.all = stored;
  arrow::FieldVector keys;
  for (const std::string& name : options.partition_by) {
    const int index = stored->GetFieldIndex(name);
    if (index < 0) return UnknownColumn(name, *stored);
    const auto repeated = std::find(columns.key_indices.begin(), columns.key_indices.end(), index);
    if (repeated != columns.key_indices.end()) {
      return MakeError(ErrorKind::kInvalidPlan, 634, "partition column named twice: '{}'", name);
    }
    ARROW_RETURN_NOT_OK(CheckName(name));
    ARROW_RETURN_NOT_OK(CheckType(*stored->field(index)));
    columns.key_indices.push_back(index);
    keys.push_back(stored->field(index));
  }
  arrow::FieldVector rest;
  for (int i = 0; i < stored->num_fields(); ++i) {
    if (std::find(columns.key_indices.begin(), columns.key_indices.end(), i) !=
        columns.key_indices.end()) {
      continue;
    }
    columns.stored_indices.push_back(i);
    rest.push_back(stored->field(i));
  }
  if (rest.empty()) {
    return MakeError(
        ErrorKind::kInvalidPlan, 635,
        "no column is left to write: all {} columns name directories; leave one out of "
        "the partition keys",
        keys.size());
  }
  columns.keys = arrow::schema(std::move(keys));
  columns.stored = arrow::schema(std::move(rest), stored->metadata());
  return columns;
}

}  // namespace headrace
