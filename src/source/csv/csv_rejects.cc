#include "source/csv/csv_rejects.h"

#include <algorithm>

#include "expr/expr.h"

namespace headrace {

CsvRejects::CsvRejects(const CsvLayout& layout, const TextBlock& block, const arrow::Schema& schema,
                       const std::vector<CheckedColumn>& columns, int64_t field_bytes_max,
                       arrow::MemoryPool* pool)
    : layout_(layout),
      block_(block),
      schema_(schema),
      columns_(columns),
      field_bytes_max_(field_bytes_max),
      pool_(pool),
      builder_(pool),
      line_(block.first_line) {}

Status CsvRejects::Add(const BadRecord& bad, const RecordRange& range, int64_t rows_before) {
  const uint8_t* const text = block_.text();
  line_ += std::count(text + line_at_, text + bad.begin, layout_.dialect.newline);
  line_at_ = bad.begin;
  ARROW_ASSIGN_OR_RAISE(const std::string reason, ReasonFor(bad, range));
  Reject reject;
  reject.file = layout_.inputs[static_cast<size_t>(block_.file)].text->path();
  reject.line = line_;
  reject.byte_offset = block_.offset + bad.begin;
  if (bad.code == RejectCode::kBadValue) reject.column = schema_.field(bad.number)->name();
  reject.code = bad.code;
  reject.reason = reason;
  reject.raw = {reinterpret_cast<const char*>(text + bad.begin), bad.end - bad.begin};
  reject.rows_before = rows_before;
  return builder_.Add(reject);
}

Result<std::string> CsvRejects::ReasonFor(const BadRecord& bad, const RecordRange& range) const {
  const int64_t at = block_.offset + bad.at;
  switch (bad.code) {
    case RejectCode::kBadValue: {
      const auto index = static_cast<size_t>(bad.number);
      ARROW_ASSIGN_OR_RAISE(const std::string why,
                            ReasonOf(columns_[index], block_.text(), range, bad, pool_));
      const uint8_t* const value = block_.text() + bad.at;
      return fmt::format("{}: '{}': {}", expr::TypeText(*schema_.field(bad.number)->type()),
                         Excerpt(value, value + bad.length), why);
    }
    case RejectCode::kUnclosedQuote:
      return fmt::format("a quote is opened at byte {} and never closed", at);
    case RejectCode::kMalformedQuote:
      return fmt::format("text after a closing quote at byte {}", at);
    case RejectCode::kFieldTooLong:
      return fmt::format("field {} has {} bytes, the limit is {}", bad.number, bad.length,
                         field_bytes_max_);
    case RejectCode::kInvalidUtf8:
      return fmt::format("byte 0x{:02x} at byte {} is not UTF-8", block_.text()[bad.at], at);
    default:
      return fmt::format("{} fields instead of {}", bad.number,
                         layout_.columns[static_cast<size_t>(block_.file)].field_count);
  }
}

std::vector<BadRecord> MergeBadRecords(const std::vector<BadRecord>& records,
                                       const std::vector<BadRecord>& values) {
  std::vector<BadRecord> merged(records.size() + values.size());
  std::merge(records.begin(), records.end(), values.begin(), values.end(), merged.begin(),
             [](const BadRecord& a, const BadRecord& b) { return a.begin < b.begin; });
  int32_t values_before = 0;
  for (BadRecord& bad : merged) {
    bad.row -= values_before;
    values_before += bad.code == RejectCode::kBadValue;
  }
  return merged;
}

}  // namespace headrace
