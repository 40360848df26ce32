// Which field of which file becomes which column.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/csv/bad_record.h"
#include "source/csv/block_reader.h"

namespace headrace {

// In place of a field's number: what a column holds that is none of the file's fields.
inline constexpr int kMissingField = -1;  // NULL: the file has no such column
inline constexpr int kLineOfRecord = -2;
inline constexpr int kOffsetOfRecord = -3;

// A file's header against the columns of the whole scan.
struct CsvFileColumns {
  int field_count = 0;
  std::vector<int> field_of_column;  // by column of the scan; or one of the above
};

// By input. Thousands of files with one header share what is known of it.
class CsvColumnsOfFiles {
 public:
  const CsvFileColumns& operator[](size_t file) const { return *files_[file]; }
  void Add(std::shared_ptr<const CsvFileColumns> columns) { files_.push_back(std::move(columns)); }
  size_t size() const { return files_.size(); }

 private:
  std::vector<std::shared_ptr<const CsvFileColumns>> files_;
};

// Everything that is known once all files' starts have been read. Immutable afterwards.
struct CsvLayout {
  Dialect dialect;
  std::vector<std::string> column_names;
  std::vector<CsvInput> inputs;
  CsvColumnsOfFiles columns;
  int64_t sampled_rows = 0;  // guessed from the starts of the inputs; -1 = no guess
};

// BadInput for a record whose shape or text is wrong (every code but kBadValue).
Status BadRecordError(const CsvLayout& layout, const TextBlock& block, const BadRecord& bad,
                      int64_t field_bytes_max);
// "file.csv:12 (byte 3456)" of a byte of the block.
std::string PlaceOf(const CsvLayout& layout, const TextBlock& block, int64_t position);

}  // namespace headrace
