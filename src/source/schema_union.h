// The columns of several typed files (Parquet, Arrow) as those of one input.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "headrace/job.h"

namespace headrace {

// The narrowest type that holds every value of both, or null where there is none: wider integers,
// floats and decimals, finer timestamps, text under longer offsets. Never text for what is no text.
std::shared_ptr<arrow::DataType> WidenedType(const std::shared_ptr<arrow::DataType>& one,
                                             const std::shared_ptr<arrow::DataType>& other);

// Role: takes the schemas of files in order and keeps the columns of the whole input by name.
// Owner: the opening of a scan. Threads: one. Errors: BadInput naming column, files and types where
// they do not go together.
class SchemaUnion {
 public:
  explicit SchemaUnion(SchemaMode mode) : mode_(mode) {}

  // `path` is for messages; `kind` too ("Parquet").
  Status Add(const arrow::FieldVector& fields, const std::string& path, std::string_view kind);
  const arrow::FieldVector& fields() const { return fields_; }
  // Whether some file lacks a column or has it in another type.
  bool differs() const { return differs_; }

 private:
  int IndexOf(const std::string& name) const;
  Status AddStrict(const arrow::FieldVector& fields, const std::string& path,
                   std::string_view kind);
  Status AddUnion(const arrow::FieldVector& fields, const std::string& path, std::string_view kind);
  Status TypesDiffer(const arrow::Field& field, const arrow::DataType& other, size_t origin,
                     const std::string& path, std::string_view kind) const;

  const SchemaMode mode_;
  arrow::FieldVector fields_;
  std::vector<std::string> origins_;  // by field: the file that its type comes from
  bool any_ = false;
  bool differs_ = false;
};

// Whether values of `other` are delivered as `type` by a cast that changes none of them: libraries
// keep texts under short and long offsets, and instants under the name of any zone.
bool IsSameColumn(const arrow::DataType& type, const arrow::DataType& other);

}  // namespace headrace
