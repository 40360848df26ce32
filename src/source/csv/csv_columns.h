// Which field of which file becomes which column.
#pragma once

#include <string>
#include <vector>

#include "source/csv/bad_record.h"
#include "source/csv/block_reader.h"

namespace headrace {

// A file's header against the columns of the whole scan.
struct CsvFileColumns {
  int field_count = 0;
  std::vector<int> field_of_column;  // by column of the scan
};

// Everything that is known once all files' starts have been read. Immutable afterwards.
struct CsvLayout {
  Dialect dialect;
  std::vector<std::string> column_names;
  std::vector<CsvInput> inputs;
  std::vector<CsvFileColumns> columns;  // by input
  int64_t sampled_rows = 0;             // guessed from the starts of the inputs; -1 = no guess
};

// BadInput for a record whose shape or text is wrong (every code but kBadValue).
Status BadRecordError(const CsvLayout& layout, const TextBlock& block, const BadRecord& bad,
                      int64_t field_bytes_max);
// "file.csv:12 (byte 3456)" of a byte of the block.
std::string PlaceOf(const CsvLayout& layout, const TextBlock& block, int64_t position);

}  // namespace headrace
