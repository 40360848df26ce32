#include <algorithm>
#include <set>

#include "source/csv/sniffer.h"
#include "source/csv/type_guess.h"

namespace headrace {
namespace {

// What the values below the first record have in common.
struct ColumnSample {
  uint16_t types = kAllTypeBits;
  int64_t values = 0;
  bool complete = true;  // none is missing
  bool quoted = false;   // some stand in quotes
};

bool StandsInQuotes(const SampleField& field, const Dialect& dialect) {
  return field.begin != field.end && *field.begin == dialect.quote;
}

ColumnSample LookBelow(const SampleRecords& sample, size_t column, const Dialect& dialect) {
  ColumnSample below;
  for (size_t row = 1; row < sample.records.size(); ++row) {
    if (column >= sample.records[row].fields.size()) continue;
    const SampleField& field = sample.records[row].fields[column];
    const std::string value = SampleValue(field, dialect);
    if (value.empty()) {
      below.complete = false;
      continue;
    }
    below.types &= ClassifyText(value).possible;
    below.quoted |= StandsInQuotes(field, dialect);
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

enum class Vote { kNone, kHeader, kData };

Vote VoteOf(const SampleField& first, const ColumnSample& below, bool all_quoted,
            const Dialect& dialect) {
  const std::string name = SampleValue(first, dialect);
  const bool typed_below = below.values > 0 && below.types != 0;
  if (name.empty()) {
    // A gap above numbers of which none is missing: the unnamed index that tools write.
    return typed_below && below.complete && below.values > 1 ? Vote::kHeader : Vote::kNone;
  }
  const uint16_t name_types = ClassifyText(name).possible;
  if (below.values == 0) return name_types == 0 ? Vote::kHeader : Vote::kNone;
  if (!typed_below || IsMissingMark(name)) return Vote::kNone;
  if ((name_types & below.types) == 0) return Vote::kHeader;
  // "2019","2020" above numbers without quotes are names.
  return all_quoted && !below.quoted ? Vote::kHeader : Vote::kData;
}

}  // namespace

HeaderVerdict JudgeHeader(const SampleRecords& sample, const Dialect& dialect) {
  if (sample.records.empty()) return {};
  const std::vector<SampleField>& first = sample.records[0].fields;
  const bool all_quoted = std::all_of(first.begin(), first.end(), [&](const SampleField& field) {
    return StandsInQuotes(field, dialect);
  });
  int64_t named = 0, typed = 0, header_votes = 0, data_votes = 0;
  std::set<std::string> names;
  for (size_t column = 0; column < first.size(); ++column) {
    const std::string name = SampleValue(first[column], dialect);
    if (!name.empty()) {
      ++named;
      typed += ClassifyText(name).possible != 0;
      names.insert(name);
    }
    if (sample.records.size() == 1) continue;
    const Vote vote =
        VoteOf(first[column], LookBelow(sample, column, dialect), all_quoted, dialect);
    header_votes += vote == Vote::kHeader;
    data_votes += vote == Vote::kData;
  }
  if (header_votes > 0 || data_votes > 0) {
    return {header_votes > 0, header_votes > 0,
            fmt::format("of the first record {} values fit the type of the values below, {} do not",
                        data_votes, header_votes)};
  }
  const int64_t width = static_cast<int64_t>(first.size());
  if (named == 0 && width > 1 && sample.records.size() > 1)
    return {true, false, "the first record is empty"};
  if (named == width && typed == 0) return {true, false, "the first record is all names"};
  if (named * 2 > width && typed == 0 && static_cast<int64_t>(names.size()) == named)
    return {true, false, "the first record is different names, with some gaps"};
  return {false, false, "the first record is not all names"};
}

}  // namespace headrace
