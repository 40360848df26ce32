#include "source/csv/record_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "source/csv/count_byte.h"
#include "source/csv/quote_check.h"
#include "source/text/encoding.h"

namespace headrace {
namespace {

constexpr int64_t kNowhere = std::numeric_limits<int64_t>::max();
constexpr int64_t kFlattenSlack = 72;  // FlattenStructure may write a word's worth more than wanted

}  // namespace

RecordIndexer::RecordIndexer(TextBlock* block, const Dialect& dialect, int columns,
                             const IndexLimits& limits)
    : block_(block),
      dialect_(dialect),
      columns_(columns),
      field_bytes_max_(limits.field_bytes_max),
      repairs_(limits.bad_rows == BadRows::kRepair) {
  const StructureScan& scan = block->scan;
  invalid_at_ = scan.ascii ? -1 : FindInvalidUtf8(block->text(), scan.record_end);
  if (invalid_at_ < 0) invalid_at_ = kNowhere;
  const bool has_error = scan.error != QuoteError::kNone && scan.error_at < scan.record_end;
  error_at_ = has_error ? scan.error_at : kNowhere;
  if (scan.repaired_at >= 0) error_at_ = scan.repaired_at;
  const int64_t rows_max =
      std::clamp<int64_t>(limits.positions_max / (columns + 1), 1, limits.rows_max);
  // Ranges of about the same size: a small rest would cost as much as a batch.
  const int64_t ranges = (std::max<int64_t>(scan.records, 1) + rows_max - 1) / rows_max;
  rows_per_range_ = (std::max<int64_t>(scan.records, 1) + ranges - 1) / ranges;
  positions_ = rows_per_range_ * (columns + 1) + kFlattenSlack;
  uniform_ = scan.comments == 0 && scan.fields == scan.records * columns &&
             invalid_at_ == kNowhere && error_at_ == kNowhere;
}

Result<bool> RecordIndexer::Next(RecordRange* range) {
  bad_.clear();
  repaired_.clear();
  if (at_ >= block_->scan.record_end) return false;
  ARROW_RETURN_NOT_OK(block_->ReserveIndex(positions_));
  int64_t stride = columns_;
  int64_t rows = 0;
  if (uniform_) rows = NextUniform();
  if (!uniform_) {
    stride = columns_ + 1;
    rows = NextWalking();
  }
  range->text = block_->text();
  range->index = block_->index();
  range->stride = stride;
  range->rows = rows;
  range->columns = columns_;
  range->trim_returns = block_->scan.carriage_returns && dialect_.newline == '\n';
  range->unescape = block_->scan.unescape;
  range->quotes = block_->scan.quotes;
  return rows > 0 || !bad_.empty();
}

// Rows whose every `columns_`-th structure byte is a newline and no other one; where that fails
// nothing is taken and walking starts. The counts of the block do not tell the latter of a range:
// two short records ahead of a long one would be taken for one.
int64_t RecordIndexer::NextUniform() {
  uint32_t* index = block_->index();
  const uint8_t* text = block_->text();
  index[0] = static_cast<uint32_t>(at_ - 1);
  const int64_t wanted = rows_per_range_ * columns_;
  const int64_t count =
      FlattenStructure(block_->bits(), at_, block_->scan.record_end, wanted - 1, index + 1);
  const int64_t rows = std::min(count, wanted) / columns_;
  for (int64_t row = 1; row <= rows; ++row) {
    if (text[index[row * columns_]] != dialect_.newline) {
      uniform_ = false;
      return 0;
    }
  }
  const int64_t next = static_cast<int64_t>(index[rows * columns_]) + 1;
  // Every range before was checked, so for the last one the counts of the block decide.
  if (next != block_->scan.record_end && !HasNewlines(index, rows, next)) {
    uniform_ = false;
    return 0;
  }
  if (next - at_ > field_bytes_max_ && HasLongField(index, rows * columns_)) {
    uniform_ = false;
    return 0;
  }
  at_ = next;
  return rows;
}

bool RecordIndexer::HasLongField(const uint32_t* index, int64_t fields) const {
  for (int64_t field = 0; field < fields; ++field) {
    if (static_cast<uint32_t>(index[field + 1] - index[field] - 1) > field_bytes_max_) return true;
  }
  return false;
}

uint32_t RecordIndexer::WithoutReturn(int64_t begin, int64_t end) const {
  const bool has_return =
      dialect_.newline == '\n' && end > begin && block_->text()[end - 1] == '\r';
  return static_cast<uint32_t>(has_return ? end - 1 : end);
}

bool RecordIndexer::Check(int64_t begin, int64_t end, int64_t fields, uint32_t* row,
                          BadRecord* bad) {
  bad->begin = bad->at = static_cast<uint32_t>(begin);
  bad->end = WithoutReturn(begin, end);
  const bool fits = fields == columns_;
  const bool is_mistaken = end > error_at_ && !CheckQuotes(bad);
  // A mistaken quote is repaired where that alone makes the record fit.
  if (is_mistaken && !(repairs_ && fits)) return false;
  if (end > invalid_at_ && !CheckText(bad)) return false;
  if (!fits && !(repairs_ && FitFields(*bad, fields, row))) {
    bad->code = fields < columns_ ? RejectCode::kTooFewFields : RejectCode::kTooManyFields;
    bad->number = static_cast<int32_t>(fields);
    return false;
  }
  if (end - begin > field_bytes_max_ && !CheckLengths(row, bad)) return false;
  if (fits && !is_mistaken) return true;
  const RepairKind kind = is_mistaken         ? RepairKind::kQuotes
                          : fields < columns_ ? RepairKind::kFilledUp
                                              : RepairKind::kEmptyDropped;
  repaired_.push_back({bad->begin, bad->end, kind});
  return true;
}

bool RecordIndexer::CheckLengths(const uint32_t* row, BadRecord* bad) const {
  for (int field = 0; field < columns_; ++field) {
    const uint32_t length = row[field + 1] - row[field] - 1;
    if (length <= field_bytes_max_) continue;
    bad->at = row[field] + 1;
    bad->length = length;
    bad->number = field + 1;
    bad->code = RejectCode::kFieldTooLong;
    return false;
  }
  return true;
}

bool RecordIndexer::CheckQuotes(BadRecord* bad) const {
  if (block_->scan.error == QuoteError::kNeverClosed) {  // the block is this record
    bad->at = static_cast<uint32_t>(error_at_);
    bad->code = RejectCode::kUnclosedQuote;
    return false;
  }
  const uint8_t* text = block_->text();
  const QuoteFault fault = FindQuoteFault(text + bad->begin, text + bad->end, dialect_);
  if (fault.at == nullptr) return true;
  bad->at = static_cast<uint32_t>(fault.at - text);
  bad->code = fault.is_open ? RejectCode::kUnclosedQuote : RejectCode::kMalformedQuote;
  return false;
}

bool RecordIndexer::CheckText(BadRecord* bad) const {
  const int64_t invalid = FindInvalidUtf8(block_->text() + bad->begin, bad->end - bad->begin);
  if (invalid < 0) return true;
  bad->at = static_cast<uint32_t>(bad->begin + invalid);
  bad->code = RejectCode::kInvalidUtf8;
  return false;
}

// Whether the range up to `end` has as many structural newlines as rows.
bool RecordIndexer::HasNewlines(const uint32_t* index, int64_t rows, int64_t end) const {
  const uint8_t* text = block_->text();
  if (block_->scan.lines == block_->scan.records)  // none inside quotes: all of them are structural
    return CountByte(text + at_, text + end, dialect_.newline) == rows;
  int64_t newlines = 0;
  for (int64_t field = 1; field <= rows * columns_; ++field)
    newlines += text[index[field]] == dialect_.newline;
  return newlines == rows;
}

bool RecordIndexer::IsBlank(int64_t begin, int64_t end) const {
  const uint8_t* text = block_->text();
  return begin == end || (end - begin == 1 && text[begin] == '\r' && dialect_.newline == '\n');
}

int64_t RecordIndexer::NextWalking() {
  uint32_t* index = block_->index();
  const uint8_t* text = block_->text();
  const uint64_t* bits = block_->bits();
  const int64_t end = block_->scan.record_end;
  int64_t rows = 0;
  int64_t record_start = at_;
  int64_t fields = 0;
  uint32_t* row = index;
  for (int64_t word = at_ / 64; word * 64 < end; ++word) {
    uint64_t left = bits[word];
    if (word * 64 < at_) left &= ~uint64_t{0} << (at_ - word * 64);
    for (; left != 0; left &= left - 1) {
      const int64_t position = word * 64 + std::countr_zero(left);
      if (position >= end) return rows;
      ++fields;
      if (fields <= columns_) row[fields] = static_cast<uint32_t>(position);
      if (text[position] != dialect_.newline) continue;
      const bool comment = text[record_start] == dialect_.comment;
      const bool blank = fields == 1 && columns_ > 1 && IsBlank(record_start, position);
      if (!comment && !blank) {
        BadRecord bad;
        row[0] = static_cast<uint32_t>(record_start - 1);
        if (Check(record_start, position, fields, row, &bad)) {
          row += columns_ + 1;
          ++rows;
        } else {
          bad.row = static_cast<int32_t>(rows);
          bad_.push_back(bad);
        }
      }
      record_start = at_ = position + 1;
      fields = 0;
      if (rows == rows_per_range_ || bad_.size() == kBadRecordsMax ||
          repaired_.size() == kBadRecordsMax) {
        return rows;
      }
    }
  }
  return rows;
}

}  // namespace headrace
