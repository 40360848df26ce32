#include "source/csv/bad_values.h"

#include <algorithm>

namespace headrace {
namespace {

// Rows looked at after a bad one: bad rows often come together, and each look allocates for all of
// its rows.
constexpr int64_t kRowsAfterBad = 8;

RecordRange Part(const RecordRange& range, int64_t row, int64_t rows) {
  RecordRange part = range;
  part.index += row * range.stride;
  part.rows = std::min(rows, range.rows - row);
  return part;
}

// Adds to `bad` what one column has. Both are in order of rows, and stay so.
Status AddColumn(const CheckedColumn& column, int number, const RecordIndexer& indexer,
                 const RecordRange& range, arrow::MemoryPool* pool, std::vector<BadRecord>* bad) {
  const size_t before = bad->size();
  int64_t rows = range.rows;
  for (int64_t row = 0; row < range.rows;) {
    const RecordRange part = Part(range, row, rows);
    BadField field;
    ARROW_RETURN_NOT_OK(column.converter->Convert(part, column.field, pool, &field).status());
    if (field.row < 0) {
      row += part.rows;
      rows *= 2;
      continue;
    }
    row += field.row;
    BadRecord record = indexer.Outline(range, row);
    record.at = static_cast<uint32_t>(field.begin - range.text);
    record.length = static_cast<uint32_t>(field.end - field.begin);
    record.number = number;
    bad->push_back(record);
    if (bad->size() - before == kBadRecordsMax) break;
    ++row;
    rows = kRowsAfterBad;
  }
  const auto by_place = [](const BadRecord& a, const BadRecord& b) { return a.at < b.at; };
  const auto same_row = [](const BadRecord& a, const BadRecord& b) { return a.row == b.row; };
  std::inplace_merge(bad->begin(), bad->begin() + static_cast<ptrdiff_t>(before), bad->end(),
                     by_place);
  bad->erase(std::unique(bad->begin(), bad->end(), same_row), bad->end());
  return Status::OK();
}

}  // namespace

Result<std::vector<BadRecord>> FindBadValues(const std::vector<CheckedColumn>& columns,
                                             RecordIndexer* indexer, RecordRange* range,
                                             arrow::MemoryPool* pool) {
  std::vector<BadRecord> bad;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field < 0) continue;  // none of the file's fields
    ARROW_RETURN_NOT_OK(AddColumn(columns[i], static_cast<int>(i), *indexer, *range, pool, &bad));
    if (bad.size() < kBadRecordsMax) continue;
    bad.resize(kBadRecordsMax);
    indexer->EndBefore(bad.back().row + 1, range);
  }
  return bad;
}

Result<std::string> ReasonOf(const CheckedColumn& column, const uint8_t* text,
                             const RecordRange& like, const BadRecord& bad,
                             arrow::MemoryPool* pool) {
  const uint32_t index[] = {bad.at - 1, bad.at + bad.length};
  RecordRange one = like;
  one.text = text;
  one.index = index;
  one.stride = one.rows = one.columns = 1;
  one.trim_returns = false;
  BadField field;
  ARROW_RETURN_NOT_OK(column.converter->Convert(one, 0, pool, &field).status());
  return std::move(field.reason);
}

}  // namespace headrace
