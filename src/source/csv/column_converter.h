// ColumnConverter: one column of a range of records into an Arrow array.
#pragma once

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "source/csv/dialect.h"
#include "source/csv/record_index.h"

namespace headrace {

// Which fields are NULL. An unquoted empty field is, unless null_texts leaves it out for strings. A
// quoted field is NULL only where it cannot be a value: `""` (or a null text in quotes) in a column
// that is not a string.
struct NullRule {
  std::vector<std::string> null_texts = {""};
  bool quoted_empty_is_null = false;

  bool only_empty() const { return null_texts.size() == 1 && null_texts[0].empty(); }
  bool Matches(const uint8_t* begin, const uint8_t* end) const;
};

// A field that does not fit the column's type.
struct BadField {
  int64_t row = -1;  // in the range; -1 = none
  const uint8_t* begin = nullptr;
  const uint8_t* end = nullptr;
  std::string reason;
};

// Role: knows one column's type and how to read it. Immutable. Threads: all from any worker.
// Errors: OutOfMemory from the pool. A bad field is no error here.
class ColumnConverter {
 public:
  virtual ~ColumnConverter() = default;
  // Arrow buffers of exactly range.rows values, allocated once, from `pool`; nullptr when there are
  // bad fields. `bad` then holds them.
  virtual Result<std::shared_ptr<arrow::Array>> ConvertOrFind(const RecordRange& range, int column,
                                                              arrow::MemoryPool* pool,
                                                              BadPlaces* bad) const = 0;
  // Why a field that was found to be bad does not fit.
  virtual void Explain(const uint8_t* begin, const uint8_t* end, std::string* reason) const = 0;
  // The same for the first bad field alone, with its reason.
  Result<std::shared_ptr<arrow::Array>> Convert(const RecordRange& range, int column,
                                                arrow::MemoryPool* pool, BadField* bad) const;
};

// InvalidConfig for a type that text cannot be read as.
Result<std::unique_ptr<ColumnConverter>> MakeColumnConverter(
    const std::shared_ptr<arrow::DataType>& type, const Dialect& dialect, const NullRule& nulls);

// Arrow bytes per row that a column of this type takes beside its text.
int64_t FixedBytesPerRow(const arrow::DataType& type);

// Implementations by kind of type; nullptr when the type is not of that kind.
std::unique_ptr<ColumnConverter> MakeNumberConverter(const std::shared_ptr<arrow::DataType>& type,
                                                     const Dialect& dialect, const NullRule& nulls);
std::unique_ptr<ColumnConverter> MakeTimeConverter(const std::shared_ptr<arrow::DataType>& type,
                                                   const Dialect& dialect, const NullRule& nulls);
std::unique_ptr<ColumnConverter> MakeStringConverter(const std::shared_ptr<arrow::DataType>& type,
                                                     const Dialect& dialect, const NullRule& nulls);

}  // namespace headrace
