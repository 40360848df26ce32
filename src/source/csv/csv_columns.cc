#include "source/csv/csv_columns.h"

#include <algorithm>

namespace headrace {

std::string PlaceOf(const CsvLayout& layout, const TextBlock& block, int64_t position) {
  return fmt::format("{}:{} (byte {})", layout.inputs[static_cast<size_t>(block.file)].text->path(),
                     LineOf(block, position, layout.dialect), block.offset + position);
}

Status RaggedError(const CsvLayout& layout, const TextBlock& block, int64_t position,
                   int64_t fields) {
  const int expected = layout.columns[static_cast<size_t>(block.file)].field_count;
  const uint8_t* begin = block.text() + position;
  const uint8_t* end =
      std::find(begin, block.text() + block.scan.record_end, layout.dialect.newline);
  return MakeError(ErrorKind::kBadInput, 402,
                   "a record has {} fields than the header; check --delimiter and --quote, or mend "
                   "the line: {}: {} "
                   "fields instead of {}: '{}'",
                   fields < expected ? "fewer" : "more", PlaceOf(layout, block, position), fields,
                   expected, Excerpt(begin, end));
}

Status CheckUtf8(const CsvLayout& layout, const TextBlock& block) {
  if (block.scan.ascii) return Status::OK();
  const int64_t at = FindInvalidUtf8(block.text(), block.scan.record_end);
  if (at < 0) return Status::OK();
  return MakeError(ErrorKind::kBadInput, 406,
                   "text is not UTF-8; name its encoding, e.g. --encoding latin-1 or windows-1252: "
                   "{}: byte 0x{:02x}",
                   PlaceOf(layout, block, at), block.text()[at]);
}

}  // namespace headrace
