// RecordIndexer: records with a fault that become rows.
#include <algorithm>

#include "source/csv/record_index.h"

namespace headrace {

bool RecordIndexer::FitFields(const BadRecord& record, int64_t fields, uint32_t* row) const {
  if (fields < columns_) {
    // Each is empty: it ends where it begins, one behind the end of the field before.
    row[fields] = record.end;
    for (int64_t field = fields; field < columns_; ++field) row[field + 1] = row[field] + 1;
    return true;
  }
  const uint8_t* const text = block_->text();
  const uint32_t end = row[columns_];  // of the last field that is kept
  const auto is_delimiter = [&](uint8_t byte) { return byte == dialect_.delimiter; };
  if (!std::all_of(text + end + 1, text + record.end, is_delimiter)) return false;
  // Nobody could tell a '\r' of the value from that of a line end.
  return !(dialect_.newline == '\n' && end > row[columns_ - 1] + 1 && text[end - 1] == '\r');
}

RepairCounts RecordIndexer::CountRepairs(const RecordRange& range) const {
  RepairCounts counts = {};
  int64_t row = 0;
  for (const RepairedRecord& record : repaired_) {
    // The first row from `row` on that does not begin before the record.
    for (int64_t above = range.rows; row < above;) {
      const int64_t middle = (row + above) / 2;
      if (range.RowStart(middle) < record.begin) {
        row = middle + 1;
      } else {
        above = middle;
      }
    }
    if (row == range.rows) break;
    if (range.RowStart(row) == record.begin) ++counts[static_cast<size_t>(record.kind)];
  }
  return counts;
}

uint32_t RecordIndexer::EndOfRow(uint32_t begin, int64_t last_field_end) const {
  const auto found = std::lower_bound(
      repaired_.begin(), repaired_.end(), begin,
      [](const RepairedRecord& record, uint32_t position) { return record.begin < position; });
  if (found != repaired_.end() && found->begin == begin) return found->end;
  return WithoutReturn(begin, last_field_end);
}

}  // namespace headrace
