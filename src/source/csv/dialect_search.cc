#include "source/csv/dialect_search.h"

#include <algorithm>
#include <map>

#include "source/csv/field_cursor.h"
#include "source/csv/quote_check.h"
#include "source/csv/sniffer.h"
#include "source/csv/type_guess.h"

namespace headrace {
namespace {

// Rarer in plain text first: of two delimiters that fit equally well the rarer one is the better
// evidence.
constexpr char kDelimiters[] = {'\t', '|', ';', ','};
constexpr double kMostlyConsistent = 0.8;
// The one comment sign that is looked for.
constexpr char kCommentSign = '#';
// A longer start of another shape is rather a second table than a title.
constexpr int64_t kPreambleLinesMax = 20;

// "1,5" counts as a number here, so that text with decimal commas is not cut at them.
bool IsTyped(const SampleField& field, const Dialect& dialect) {
  std::string value = SampleValue(field, dialect);
  if (value.empty()) return true;
  const auto comma = value.find(',');
  if (comma != std::string::npos && value.find('.') == std::string::npos) value[comma] = '.';
  return ClassifyText(value).possible != 0;
}

void CountQuotes(const SampleField& field, DialectFit* fit) {
  if (field.begin == field.end || *field.begin != '"') return;
  if (!IsQuoted({field.begin, field.end}, '"')) {
    ++fit->unclosed;
    return;
  }
  const bool is_regular = FindQuoteFault(field.begin, field.end, Dialect()).at == nullptr;
  ++(is_regular ? fit->enclosed : fit->mistaken);
}

// Without quotes every text is clean. But a quote that opens and never closes is damage to be told,
// except between tabs, where a lone quote is usual; and so is a quote that is not doubled in a
// field when more fields are as quoted ones should be.
bool LooksDamaged(const DialectFit& fit, uint8_t delimiter) {
  return (fit.unclosed > 0 && delimiter != '\t') ||
         (fit.unclosed == 0 && fit.mistaken > 0 && fit.enclosed > fit.mistaken);
}

DialectFit MeasureFit(const SampleRecords& sample, const Dialect& dialect) {
  DialectFit fit;
  fit.clean = !sample.quote_error;
  fit.records = static_cast<int64_t>(sample.records.size());
  if (sample.records.empty()) return fit;
  if (sample.too_wide) {
    fit.clean = false;
    return fit;
  }
  std::map<size_t, int64_t> widths;
  int64_t values = 0, typed = 0;
  for (const SampleRecord& record : sample.records) {
    ++widths[record.fields.size()];
    for (const SampleField& field : record.fields) {
      ++values;
      typed += IsTyped(field, dialect);
      fit.quoted += field.begin != field.end && *field.begin == dialect.quote;
      if (dialect.quote == kNoCharacter) CountQuotes(field, &fit);
    }
  }
  const auto usual =
      std::max_element(widths.begin(), widths.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  fit.width = static_cast<int64_t>(usual->first);
  fit.consistent = static_cast<double>(usual->second) / static_cast<double>(fit.records);
  fit.typed = static_cast<double>(typed) / static_cast<double>(values);
  return fit;
}

bool BeginsWithCommentSign(const SampleRecord& record) {
  const SampleField& first = record.fields[0];
  return first.begin != first.end && *first.begin == kCommentSign;
}

// Records at the start that are narrower than the last one. One alone has to be at most half as
// wide: it may be a header that lacks a name.
size_t NarrowRecords(const std::vector<SampleRecord>& records) {
  const size_t width = records.back().fields.size();
  size_t narrow = 0;
  while (narrow < records.size() && records[narrow].fields.size() < width) ++narrow;
  return narrow == 1 && records[0].fields.size() * 2 > width ? 0 : narrow;
}

// Two of the lines before the table have the same several columns: they may be a table as well.
bool LooksLikeATable(const std::vector<SampleRecord>& records, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = 0; j < i; ++j) {
      const size_t width = records[i].fields.size();
      if (width > 1 && width == records[j].fields.size()) return true;
    }
  }
  return false;
}

struct CommentLines {
  size_t all = 0;
  size_t leading = 0;     // before any other line
  size_t maybe_rows = 0;  // as wide as the table
};

CommentLines CountComments(const std::vector<SampleRecord>& lines, int64_t width) {
  CommentLines found;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!BeginsWithCommentSign(lines[i])) continue;
    found.leading += found.all == i;
    ++found.all;
    found.maybe_rows += std::ssize(lines[i].fields) == width;
  }
  if (found.all == lines.size()) found.leading = 0;
  return found;
}

}  // namespace

int DialectFit::Rank() const {
  if (several() && clean) return consistent == 1 ? kPerfect : 3;
  if (several() && consistent >= kMostlyConsistent) return 2;
  return clean ? 1 : 0;
}

bool DialectFit::operator<(const DialectFit& other) const {
  if (Rank() != other.Rank()) return Rank() < other.Rank();
  if (consistent != other.consistent) return consistent < other.consistent;
  if (typed != other.typed) return typed < other.typed;
  return width < other.width;
}

Status DialectSearch::Run() {
  ARROW_RETURN_NOT_OK(TryDelimiters(start_));
  if (!options_.quote.has_value() && !options_.escape.has_value() &&
      best_.Rank() < DialectFit::kPerfect) {
    Dialect escaped = start_;
    escaped.escape = '\\';
    if (Contains("\\\"")) ARROW_RETURN_NOT_OK(TryDelimiters(escaped));
    Dialect bare = start_;
    bare.quote = kNoCharacter;
    // Without quotes every text is clean, so only an otherwise perfect fit may win.
    ARROW_RETURN_NOT_OK(TryDelimiters(bare, DialectFit::kPerfect));
  }
  if (!options_.quote.has_value() && best_.quoted == 0 && Contains("'")) {
    Dialect single = start_;
    single.quote = '\'';
    ARROW_RETURN_NOT_OK(TrySingleQuotes(single));
    if (!options_.escape.has_value() && best_.quoted == 0 && Contains("\\'")) {
      single.escape = '\\';
      ARROW_RETURN_NOT_OK(TrySingleQuotes(single));
    }
  }
  if (!IsPinned(options_)) {
    if (best_.Rank() < DialectFit::kPerfect) ARROW_RETURN_NOT_OK(TryComments());
    if (best_.Rank() < DialectFit::kPerfect) ARROW_RETURN_NOT_OK(TryPreamble());
  }
  if (!best_.several() && !options_.delimiter.has_value() && !Contains(","))
    dialect_.delimiter = ',';
  return Status::OK();
}

bool DialectSearch::Contains(std::string_view text) const {
  const std::string_view all(reinterpret_cast<const char*>(sample_.text()),
                             static_cast<size_t>(sample_.length()));
  return all.find(text) != std::string_view::npos;
}

std::vector<uint8_t> DialectSearch::Delimiters() const {
  if (options_.delimiter.has_value()) return {static_cast<uint8_t>(*options_.delimiter)};
  return {std::begin(kDelimiters), std::end(kDelimiters)};
}

Status DialectSearch::TryDelimiters(Dialect dialect, int least_rank) {
  for (const uint8_t delimiter : Delimiters()) {
    dialect.delimiter = delimiter;
    ARROW_ASSIGN_OR_RAISE(DialectFit fit, Measure(dialect));
    const bool damaged = !options_.quote.has_value() && LooksDamaged(fit, delimiter);
    if (fit.Rank() >= least_rank && !damaged && (!any_ || best_ < fit)) Take(dialect, fit);
  }
  return Status::OK();
}

// Taken only where they change something for the better: fields in single quotes that hold
// delimiters or newlines, or every quote standing at a field's borders.
Status DialectSearch::TrySingleQuotes(Dialect dialect) {
  const DialectFit before = best_;
  const Dialect dialect_before = dialect_;
  for (const uint8_t delimiter : Delimiters()) {
    dialect.delimiter = delimiter;
    ARROW_ASSIGN_OR_RAISE(DialectFit fit, Measure(dialect));
    const bool same_shape = fit.width == before.width && fit.consistent == before.consistent;
    const bool usable = fit.clean && fit.quoted > 0;
    const bool whole_column = fit.quoted * 2 >= fit.records;
    if (usable && whole_column && (before < fit || same_shape)) Take(dialect, fit);
  }
  if (best_ < before) Take(dialect_before, before);
  return Status::OK();
}

// Lines that begin with the sign are comments where the text begins with one, they alone spoil a
// table, and none of them could be a row of it. Those before the table are skipped as lines. A sign
// that holds for the whole input would take rows away that nobody has looked at, so it is taken
// only where the sample is all there is.
Status DialectSearch::TryComments() {
  if (options_.comment.has_value() || !Contains({&kCommentSign, 1})) return Status::OK();
  for (const uint8_t delimiter : Delimiters()) {
    Dialect dialect = start_;
    dialect.delimiter = delimiter;
    dialect.comment = static_cast<uint8_t>(kCommentSign);
    if (delimiter == dialect.comment || dialect.quote == dialect.comment) continue;
    ARROW_ASSIGN_OR_RAISE(DialectFit fit, Measure(dialect));
    if (fit.Rank() != DialectFit::kPerfect || !(best_ < fit)) continue;
    Dialect plain = dialect;  // comments as records, whatever quotes they hold
    plain.comment = plain.quote = plain.escape = kNoCharacter;
    ARROW_ASSIGN_OR_RAISE(SampleRecords lines, Cut(plain));
    const CommentLines found = CountComments(lines.records, fit.width);
    if (found.leading == 0 || found.maybe_rows > 0) continue;
    if (found.all == found.leading && !options_.skip_rows.has_value()) {
      dialect.comment = kNoCharacter;
      dialect.skip_rows = LinesBefore(lines.records[found.leading]);
    } else if (!sample_.whole() || std::ssize(lines.records) == kSniffedRecords) {
      continue;
    }
    Take(dialect, fit);
  }
  return Status::OK();
}

int64_t DialectSearch::LinesBefore(const SampleRecord& record) const {
  return std::count(sample_.text(), sample_.text() + record.begin, start_.newline);
}

// A title, a date, remarks: narrow lines, fewer than records after them, before a table that is
// perfect without them and whose header differs from the values below by type.
Status DialectSearch::TryPreamble() {
  if (options_.skip_rows.has_value() || !options_.header.value_or(true)) return Status::OK();
  for (const uint8_t delimiter : Delimiters()) {
    Dialect dialect = start_;
    dialect.delimiter = delimiter;
    ARROW_ASSIGN_OR_RAISE(SampleRecords all, Cut(dialect));
    if (all.records.empty()) continue;
    const size_t narrow = NarrowRecords(all.records);
    if (narrow == 0 || narrow * 2 > all.records.size()) continue;
    if (LooksLikeATable(all.records, narrow)) continue;
    dialect.skip_rows = LinesBefore(all.records[narrow]);
    if (dialect.skip_rows > kPreambleLinesMax) continue;
    ARROW_ASSIGN_OR_RAISE(SampleRecords table, Cut(dialect));
    const DialectFit fit = MeasureFit(table, dialect);
    if (fit.Rank() == DialectFit::kPerfect && best_ < fit &&
        JudgeHeader(table, dialect).differs_by_type) {
      Take(dialect, fit);
    }
  }
  return Status::OK();
}

Result<SampleRecords> DialectSearch::Cut(const Dialect& dialect) const {
  return CutSample(sample_, dialect, kSniffedRecords, pool_);
}

Result<DialectFit> DialectSearch::Measure(const Dialect& dialect) const {
  ARROW_ASSIGN_OR_RAISE(SampleRecords records, Cut(dialect));
  return MeasureFit(records, dialect);
}

void DialectSearch::Take(const Dialect& dialect, const DialectFit& fit) {
  dialect_ = dialect;
  best_ = fit;
  any_ = true;
}

}  // namespace headrace
