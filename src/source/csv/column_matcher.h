// ColumnMatcher: brings the headers of all files of one input together.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "headrace/job.h"
#include "source/csv/csv_columns.h"
#include "source/csv/csv_header.h"
#include "source/record_places.h"

namespace headrace {

// Role: matches each file's header, in the order of the files, to the columns of the scan by name.
// Owner: the opening of a scan. Threads: one. Errors: BadInput naming both files where the sets of
// names differ in strict mode; InvalidConfig where a place's column has the name of another.
class ColumnMatcher {
 public:
  explicit ColumnMatcher(SchemaMode mode) : mode_(mode) {}

  Status Add(const CsvHeader& header, const std::string& path);
  // Column names, then those of places; what every file has of them.
  Status Finish(const RecordPlaceColumns& places, CsvLayout* layout) &&;

 private:
  Status Differs(const std::vector<std::string>& names, const std::string& path) const;

  const SchemaMode mode_;
  std::string first_path_;
  std::vector<std::string> column_names_;
  std::unordered_map<std::string, int> column_of_name_;
  std::vector<std::string> last_names_;  // of the file before
  // One per run of files with the same header; shorter than all columns while there may be more.
  std::vector<std::shared_ptr<CsvFileColumns>> distinct_;
  std::vector<size_t> by_file_;  // into distinct_
};

}  // namespace headrace
