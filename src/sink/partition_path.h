// Partition values as directory names: "k=v/l=w".
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace {

inline constexpr std::string_view kNullPartitionText = "__HIVE_DEFAULT_PARTITION__";
inline constexpr size_t kDirectoryNameBytesMax = 255;

// Whether values of this type have a text that names a directory: booleans, integers, floats,
// decimals, strings, dates, times and timestamps.
bool HasPartitionText(const arrow::DataType& type);

// Percent-encodes what other writers of such directories encode: control characters and " # % ' * /
// : = ? \ { [ ] ^.
std::string EscapePartitionText(std::string_view text);

// The text of one value, not escaped; null is kNullPartitionText. Two values that are equal have
// one text, two that differ have two, except date64 within a day: the day counts. Errors: BadInput
// for what has no directory: '', the text that stands for null in any letter case, invalid UTF-8,
// years outside 0001 to 9999.
Result<std::string> PartitionText(const arrow::Array& values, int64_t row);

// The directory of a row: every key in the order of the schema. Errors: BadInput naming the column;
// also for names above kDirectoryNameBytesMax.
Result<std::string> PartitionDirectory(const arrow::Schema& keys, const arrow::ArrayVector& values,
                                       int64_t row);

// A directory for a file without rows: the zero of every key's type, "empty" for strings. Real
// values, because readers infer the keys' types from directory names, also together with partitions
// that are added later; a null directory alone gives them nothing to infer from, and a file at the
// root contradicts every partition.
Result<std::string> EmptyResultDirectory(const arrow::Schema& keys, arrow::MemoryPool* pool);

}  // namespace headrace
