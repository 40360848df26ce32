#include "source/csv/csv_rejects.h"

#include <iterator>

#include "expr/expr.h"
#include "source/csv/count_byte.h"

namespace headrace {

CsvRejects::CsvRejects(const CsvLayout& layout, const TextBlock& block, const arrow::Schema& schema,
                       const std::vector<CheckedColumn>& columns, int64_t field_bytes_max,
                       arrow::MemoryPool* pool)
    : layout_(layout),
      block_(block),
      schema_(schema),
      columns_(columns),
      field_bytes_max_(field_bytes_max),
      builder_(pool),
      line_(block.first_line) {}

Status CsvRejects::Add(const BadRecord& bad, int64_t rows_before) {
  const uint8_t* const text = block_.text();
  line_ += CountByte(text + line_at_, text + bad.begin, layout_.dialect.newline);
  line_at_ = bad.begin;
  SetReason(bad);
  Reject reject;
  reject.file = layout_.inputs[static_cast<size_t>(block_.file)].text->path();
  reject.line = line_;
  reject.byte_offset = block_.offset + bad.begin;
  if (bad.code == RejectCode::kBadValue) reject.column = schema_.field(bad.number)->name();
  reject.code = bad.code;
  reject.reason = reason_;
  reject.raw = {reinterpret_cast<const char*>(text + bad.begin), bad.end - bad.begin};
  reject.rows_before = rows_before;
  return builder_.Add(reject);
}

void CsvRejects::SetReason(const BadRecord& bad) {
  const int64_t at = block_.offset + bad.at;
  reason_.clear();
  const auto out = std::back_inserter(reason_);
  switch (bad.code) {
    case RejectCode::kBadValue:
      return SetReasonOfValue(bad);
    case RejectCode::kUnclosedQuote:
      fmt::format_to(out, "a quote is opened at byte {} and never closed", at);
      return;
    case RejectCode::kMalformedQuote:
      fmt::format_to(out, "text after a closing quote at byte {}", at);
      return;
    case RejectCode::kFieldTooLong:
      fmt::format_to(out, "field {} has {} bytes, the limit is {}", bad.number, bad.length,
                     field_bytes_max_);
      return;
    case RejectCode::kInvalidUtf8:
      fmt::format_to(out, "byte 0x{:02x} at byte {} is not UTF-8", block_.text()[bad.at], at);
      return;
    default:
      fmt::format_to(out, "{} fields instead of {}", bad.number,
                     layout_.columns[static_cast<size_t>(block_.file)].field_count);
  }
}

void CsvRejects::SetReasonOfValue(const BadRecord& bad) {
  const auto column = static_cast<size_t>(bad.number);
  type_texts_.resize(columns_.size());
  if (type_texts_[column].empty())
    type_texts_[column] = expr::TypeText(*schema_.field(bad.number)->type());
  const uint8_t* const value = block_.text() + bad.at;
  columns_[column].converter->Explain(value, value + bad.length, &why_);
  reason_.append(type_texts_[column]).append(": '");
  AppendExcerpt(value, value + bad.length, &reason_);
  reason_.append("': ").append(why_);
}

}  // namespace headrace
