// Whether what a run writes fits a dataset that stands already.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "sink/sink.h"

namespace headrace {

enum class NewColumns : uint8_t { kRefused, kAllowed };

// Role: holds the files of a dataset against the columns and partition keys that a run is about to
// add, so that no reader ever meets two schemas by accident. Columns are matched by name, as
// readers do; their order may differ. In Parquet types are compared as the format says them: what
// libraries note beside it (large strings, dictionaries, names of time zones) does not count.
// Owner: the caller. Threads: one. Errors: Sink naming column, both types and the file; InvalidPlan
// as SplitPartitionColumns.
class SchemaCheck {
 public:
  // k=v directories of a file, decoded; no value for NULL.
  using Keys = std::vector<std::pair<std::string, std::optional<std::string>>>;

  // `options` say what the run writes. `pool` serves during the call only.
  static Result<SchemaCheck> Make(const SinkOptions& options, NewColumns new_columns,
                                  arrow::MemoryPool* pool);

  // The directories that a file stands in.
  Status CheckKeys(const std::string& path, const Keys& keys) const;
  // The columns that a file holds, in the form of ReadStoredColumns.
  Status CheckColumns(const std::string& path, const arrow::Schema& columns);
  // Of a file that says no more than names; they have to stand in the run's order.
  Status CheckNames(const std::string& path, const std::vector<std::string>& names);
  // After the last file, if there was one: what none of them holds is new.
  Status CheckNewColumns();
  // `path` is of another format than the run writes.
  static Status OtherFormat(const std::string& path, const SinkOptions& options);

  // What differs without being refused, for the report.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  SchemaCheck() = default;
  Status MissingColumn(const std::string& path, const std::string& name,
                       const std::string& type) const;

  NewColumns new_columns_ = NewColumns::kRefused;
  std::shared_ptr<arrow::Schema> keys_;
  std::shared_ptr<arrow::Schema> columns_;  // stored ones, as a file of ours would say them
  std::vector<bool> is_known_;              // by column: some file holds it
  std::vector<bool> is_noted_;
  std::vector<std::string> notes_;
};

}  // namespace headrace
