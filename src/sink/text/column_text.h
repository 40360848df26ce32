// ColumnText: the values of one column as text, for CSV and for JSON lines.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "sink/text/text_buffer.h"

namespace headrace {

// What differs between the formats.
struct TextStyle {
  enum class Kind : uint8_t { kCsv, kJson };
  Kind kind = Kind::kCsv;
  char delimiter = ',';  // CSV
};

// Role: appends the text of one row's value: in CSV a field, quoted where it must be; in JSON any
// value. NULL is nothing in CSV and null in JSON. Reads the array, which outlives it. Owner: the
// rows of a batch on their way. Threads: one. Errors: BadInput for values without a text: invalid
// UTF-8, years outside 0001 to 9999, in JSON numbers that are not finite; OutOfMemory.
class ColumnText {
 public:
  virtual ~ColumnText() = default;
  virtual Status Append(int64_t row, TextBuffer* out) const = 0;
};

Result<std::unique_ptr<ColumnText>> MakeColumnText(const arrow::Array& values,
                                                   const TextStyle& style);

// Errors: InvalidPlan, naming the column, for a type that has no text in this format: binary,
// durations, intervals, unions; in CSV everything nested.
Status CheckTextColumns(const arrow::Schema& schema, TextStyle::Kind kind);

// Strings. JSON text in quotes; a CSV field quoted where it must be.
Status AppendJsonString(std::string_view value, TextBuffer* out);
Status AppendCsvField(std::string_view value, char delimiter, TextBuffer* out);

}  // namespace headrace
