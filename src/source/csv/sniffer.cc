#include "source/csv/sniffer.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "source/csv/block_reader.h"
#include "source/csv/type_guess.h"

namespace headrace {
namespace {

constexpr int64_t kSniffedRecords = 1000;
// Rarer in plain text first: of two delimiters that fit equally well the rarer one is the better
// evidence.
constexpr char kDelimiters[] = {'\t', '|', ';', ','};
constexpr double kMostlyConsistent = 0.8;

// How well a sample fits a dialect. Greater is better.
struct Fit {
  bool clean = false;     // no quote errors
  double consistent = 0;  // share of records with the usual number of fields
  double typed = 0;       // share of values that are numbers or dates
  int64_t width = 0;
  int64_t records = 0;
  int64_t quoted = 0;    // fields in quotes
  int64_t unclosed = 0;  // fields that begin with '"' and do not end with it, where '"' is no quote

  bool several() const { return width > 1; }
  // 4 perfect; 3 some ragged records; 2 several columns but a quote error; 1 one column; 0 a mess.
  int Rank() const {
    if (several() && clean) return consistent == 1 ? 4 : 3;
    if (several() && consistent >= kMostlyConsistent) return 2;
    return clean ? 1 : 0;
  }
  bool operator<(const Fit& other) const {
    if (Rank() != other.Rank()) return Rank() < other.Rank();
    if (consistent != other.consistent) return consistent < other.consistent;
    if (typed != other.typed) return typed < other.typed;
    return width < other.width;
  }
};

// "1,5" counts as a number here, so that text with decimal commas is not cut at them.
bool IsTyped(const SampleField& field, const Dialect& dialect) {
  std::string value = SampleValue(field, dialect);
  if (value.empty()) return true;
  const auto comma = value.find(',');
  if (comma != std::string::npos && value.find('.') == std::string::npos) value[comma] = '.';
  return ClassifyText(value).possible != 0;
}

Fit MeasureFit(const SampleRecords& sample, const Dialect& dialect) {
  Fit fit;
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
      fit.unclosed += dialect.quote == kNoCharacter && field.begin != field.end &&
                      *field.begin == '"' && *(field.end - 1) != '"';
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

// Role: tries delimiters, quotes and escapes on one sample and keeps the best.
class Search {
 public:
  Search(const TextSample& sample, const CsvOptions& options, const Dialect& start,
         arrow::MemoryPool* pool)
      : sample_(sample), options_(options), start_(start), pool_(pool) {}

  Status Run() {
    ARROW_RETURN_NOT_OK(TryDelimiters(start_));
    if (!options_.quote.has_value() && !options_.escape.has_value() && best_.Rank() < kPerfect) {
      Dialect escaped = start_;
      escaped.escape = '\\';
      if (Contains("\\\"")) ARROW_RETURN_NOT_OK(TryDelimiters(escaped));
      Dialect bare = start_;
      bare.quote = kNoCharacter;
      // Without quotes every text is clean, so only an otherwise perfect fit may win; and a quote
      // that opens and never closes is damage to be told, except between tabs, where a lone quote
      // is usual.
      ARROW_RETURN_NOT_OK(TryDelimiters(bare, kPerfect));
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
    if (!best_.several() && !options_.delimiter.has_value() && !Contains(","))
      dialect_.delimiter = ',';
    return Status::OK();
  }
  const Dialect& dialect() const { return dialect_; }
  const Fit& fit() const { return best_; }

 private:
  static constexpr int kPerfect = 4;

  bool Contains(std::string_view text) const {
    const std::string_view all(reinterpret_cast<const char*>(sample_.text()),
                               static_cast<size_t>(sample_.length()));
    return all.find(text) != std::string_view::npos;
  }

  Status TryDelimiters(Dialect dialect, int least_rank = 0) {
    for (char delimiter : kDelimiters) {
      if (options_.delimiter.has_value()) delimiter = *options_.delimiter;
      dialect.delimiter = static_cast<uint8_t>(delimiter);
      ARROW_ASSIGN_OR_RAISE(Fit fit, Measure(dialect));
      const bool damaged = fit.unclosed > 0 && delimiter != '\t';
      if (fit.Rank() >= least_rank && !damaged && (!any_ || best_ < fit)) Take(dialect, fit);
      if (options_.delimiter.has_value()) break;
    }
    return Status::OK();
  }

  // Taken only where they change something for the better: fields in single quotes that hold
  // delimiters or newlines, or every quote standing at a field's borders.
  Status TrySingleQuotes(Dialect dialect) {
    const Fit before = best_;
    const Dialect dialect_before = dialect_;
    for (char delimiter : kDelimiters) {
      if (options_.delimiter.has_value()) delimiter = *options_.delimiter;
      dialect.delimiter = static_cast<uint8_t>(delimiter);
      ARROW_ASSIGN_OR_RAISE(Fit fit, Measure(dialect));
      const bool same_shape = fit.width == before.width && fit.consistent == before.consistent;
      const bool usable = fit.clean && fit.quoted > 0;
      const bool whole_column = fit.quoted * 2 >= fit.records;
      if (usable && whole_column && (before < fit || same_shape)) Take(dialect, fit);
      if (options_.delimiter.has_value()) break;
    }
    if (best_ < before) Take(dialect_before, before);
    return Status::OK();
  }

  Result<Fit> Measure(const Dialect& dialect) {
    ARROW_ASSIGN_OR_RAISE(SampleRecords records,
                          CutSample(sample_, dialect, kSniffedRecords, pool_));
    return MeasureFit(records, dialect);
  }
  void Take(const Dialect& dialect, const Fit& fit) {
    dialect_ = dialect;
    best_ = fit;
    any_ = true;
  }

  const TextSample& sample_;
  const CsvOptions& options_;
  const Dialect start_;
  arrow::MemoryPool* const pool_;
  bool any_ = false;
  Dialect dialect_;
  Fit best_;
};

}  // namespace

Result<Dialect> DialectOfOptions(const CsvOptions& options) {
  Dialect dialect;
  if (options.delimiter.has_value()) dialect.delimiter = static_cast<uint8_t>(*options.delimiter);
  if (options.quote.has_value())
    dialect.quote = *options.quote == '\0' ? kNoCharacter : static_cast<uint8_t>(*options.quote);
  if (options.escape.has_value() && *options.escape != '\0' &&
      static_cast<uint8_t>(*options.escape) != dialect.quote) {
    dialect.escape = static_cast<uint8_t>(*options.escape);
  }
  if (options.comment.has_value() && *options.comment != '\0')
    dialect.comment = static_cast<uint8_t>(*options.comment);
  if (options.header.has_value()) dialect.header = *options.header;
  dialect.skip_rows = options.skip_rows.value_or(0);
  const int delimiter = options.delimiter.has_value() ? dialect.delimiter : -2;
  if (delimiter == dialect.quote || delimiter == dialect.escape || delimiter == dialect.comment ||
      delimiter == '\n' || delimiter == '\r') {
    return MakeError(ErrorKind::kInvalidConfig, 164,
                     "the delimiter must differ from quote, escape, comment and line ends: {}",
                     DescribeCharacter(delimiter));
  }
  return dialect;
}

Result<SniffResult> SniffDialect(const TextSample& sample, const CsvOptions& options,
                                 const std::string& path, arrow::MemoryPool* pool) {
  const void* nul = std::memchr(sample.text(), '\0', static_cast<size_t>(sample.length()));
  if (nul != nullptr) {
    return MakeError(ErrorKind::kBadInput, 407,
                     "this is not text: it holds NUL bytes; name its format with --from, or its "
                     "--encoding (utf-16?): "
                     "{} byte {}",
                     path, static_cast<const uint8_t*>(nul) - sample.text());
  }
  SniffResult result;
  ARROW_ASSIGN_OR_RAISE(result.dialect, DialectOfOptions(options));
  result.dialect.newline = FindNewline(sample);
  Search search(sample, options, result.dialect, pool);
  ARROW_RETURN_NOT_OK(search.Run());
  result.dialect = search.dialect();
  if (!options.delimiter.has_value()) {
    result.evidence.push_back(
        fmt::format("delimiter {}: {} columns in {:.0f} % of the first {} records",
                    DescribeCharacter(result.dialect.delimiter), search.fit().width,
                    100 * search.fit().consistent, search.fit().records));
  }
  if (!options.quote.has_value()) {
    result.evidence.push_back(fmt::format("quote {}: {} quoted fields there",
                                          DescribeCharacter(result.dialect.quote),
                                          search.fit().quoted));
  }
  if (!options.escape.has_value() && result.dialect.escape != kNoCharacter) {
    result.evidence.push_back("escape '\\': doubled quotes do not fit the text");
  }
  if (!options.header.has_value()) {
    ARROW_ASSIGN_OR_RAISE(auto records, CutSample(sample, result.dialect, kSniffedRecords, pool));
    std::string why;
    result.dialect.header = LooksLikeHeader(records, result.dialect, &why);
    result.evidence.push_back(
        fmt::format("header {}: {}", result.dialect.header ? "yes" : "no", why));
  }
  return result;
}

}  // namespace headrace
