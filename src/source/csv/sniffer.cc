#include "source/csv/sniffer.h"

#include <cstring>

#include "source/csv/dialect_search.h"
#include "source/csv/header_repair.h"

namespace headrace {

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
                                 const std::string& path, arrow::MemoryPool* pool,
                                 BadRows bad_rows) {
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
  DialectSearch search(sample, options, result.dialect, pool);
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
  if (!options.comment.has_value() && result.dialect.comment != kNoCharacter) {
    result.evidence.push_back(
        "comment '#': without the lines that begin with it all have the same columns");
  }
  if (!options.skip_rows.has_value() && result.dialect.skip_rows > 0) {
    result.evidence.push_back(
        fmt::format("skip rows {}: what comes after them has a header and {} columns throughout",
                    result.dialect.skip_rows, search.fit().width));
  }
  if (options.header.has_value()) return result;
  if (IsPinned(options)) {
    result.evidence.push_back(
        "header yes: delimiter, quote and escape are given, so nothing is guessed");
  } else {
    ARROW_ASSIGN_OR_RAISE(const RepairedSample cut,
                          CutSampleFor(bad_rows, sample, result.dialect, kSniffedRecords, pool));
    const HeaderVerdict verdict = JudgeHeader(cut.records, result.dialect);
    result.dialect.header = verdict.header;
    result.evidence.push_back(
        fmt::format("header {}: {}", verdict.header ? "yes" : "no", verdict.why));
  }
  return result;
}

}  // namespace headrace
