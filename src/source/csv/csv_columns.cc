#include "source/csv/csv_columns.h"

#include <algorithm>

namespace headrace {

std::string PlaceOf(const CsvLayout& layout, const TextBlock& block, int64_t position) {
  return fmt::format("{}:{} (byte {})", layout.inputs[static_cast<size_t>(block.file)].text->path(),
                     LineOf(block, position, layout.dialect), block.offset + position);
}

Status BadRecordError(const CsvLayout& layout, const TextBlock& block, const BadRecord& bad,
                      int64_t field_bytes_max) {
  const uint8_t* const text = block.text();
  const std::string place = PlaceOf(layout, block, bad.at);
  const auto excerpt = [&](uint32_t begin, uint32_t end) {
    return Excerpt(text + std::max(begin, bad.begin), text + std::min(end, bad.end));
  };
  switch (bad.code) {
    case RejectCode::kUnclosedQuote:
      return MakeError(ErrorKind::kBadInput, 403,
                       "a quote is opened and never closed; close it, or name the right --quote: "
                       "{}: '{}'",
                       place, excerpt(bad.at, bad.end));
    case RejectCode::kMalformedQuote:
      return MakeError(ErrorKind::kBadInput, 404,
                       "text after a closing quote; quotes inside a quoted field must be doubled "
                       "(see --quote and --escape): {}: near '{}'",
                       place, excerpt(bad.at - std::min(bad.at, 20U), bad.at + 20));
    case RejectCode::kFieldTooLong:
      return MakeError(ErrorKind::kBadInput, 405,
                       "a field is longer than allowed; is a quote never closed?: {}: field {}: {} "
                       "bytes, the limit is {}",
                       place, bad.number, bad.length, field_bytes_max);
    case RejectCode::kInvalidUtf8:
      return MakeError(ErrorKind::kBadInput, 406,
                       "text is not UTF-8; name its encoding, e.g. --encoding latin-1 or "
                       "windows-1252: {}: byte 0x{:02x}",
                       place, text[bad.at]);
    default:
      return MakeError(ErrorKind::kBadInput, 402,
                       "a record has {} fields than the header; check --delimiter and --quote, or "
                       "mend the line: {}: {} fields instead of {}: '{}'",
                       bad.code == RejectCode::kTooFewFields ? "fewer" : "more", place, bad.number,
                       layout.columns[static_cast<size_t>(block.file)].field_count,
                       excerpt(bad.begin, bad.end));
  }
}

}  // namespace headrace
