#include <algorithm>

#include "source/csv/sniffer.h"
#include "source/csv/type_guess.h"

namespace headrace {
namespace {

// What the values below the first record have in common.
struct ColumnSample {
  uint16_t types = kAllTypeBits;
  int64_t values = 0;
};

ColumnSample LookBelow(const SampleRecords& sample, size_t column, const Dialect& dialect) {
  ColumnSample below;
  for (size_t row = 1; row < sample.records.size(); ++row) {
    if (column >= sample.records[row].fields.size()) continue;
    const std::string value = SampleValue(sample.records[row].fields[column], dialect);
    if (value.empty()) continue;
    below.types &= ClassifyText(value).possible;
    ++below.values;
  }
  return below;
}

// Words that stand for a missing value; above numbers they say nothing about a header.
bool IsMissingMark(const std::string& text) {
  static constexpr std::string_view kMarks[] = {"NA",  "N/A", "n/a", "null", "NULL",
                                                "nan", "NaN", "-",   "?",    "\\N"};
  return std::find(std::begin(kMarks), std::end(kMarks), text) != std::end(kMarks);
}

}  // namespace

bool LooksLikeHeader(const SampleRecords& sample, const Dialect& dialect, std::string* why) {
  if (sample.records.empty()) return false;
  const SampleRecord& first = sample.records[0];
  int64_t named = 0, typed = 0, header_votes = 0, data_votes = 0;
  for (size_t column = 0; column < first.fields.size(); ++column) {
    const std::string name = SampleValue(first.fields[column], dialect);
    if (name.empty()) continue;
    ++named;
    const uint16_t name_types = ClassifyText(name).possible;
    typed += name_types != 0;
    const ColumnSample below = LookBelow(sample, column, dialect);
    if (below.values == 0 && sample.records.size() > 1) {
      header_votes += name_types == 0;  // a text above nothing
    } else if (below.types != 0 && below.values > 0 && !IsMissingMark(name)) {
      ++((name_types & below.types) != 0 ? data_votes : header_votes);
    }
  }
  const int64_t width = static_cast<int64_t>(first.fields.size());
  if (header_votes > 0 || data_votes > 0) {
    *why = fmt::format("of the first record {} values fit the type of the values below, {} do not",
                       data_votes, header_votes);
    return header_votes > 0;
  }
  const bool all_empty = named == 0 && width > 1 && sample.records.size() > 1;
  const bool all_names = named == width && typed == 0;
  *why = all_empty   ? "the first record is empty"
         : all_names ? "the first record is all names"
                     : "the first record is not all names";
  return all_empty || all_names;
}

}  // namespace headrace
