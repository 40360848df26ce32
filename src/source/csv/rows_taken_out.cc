// RecordIndexer: rows that leave a range because a value in them is bad.
#include <algorithm>
#include <cstring>
#include <limits>

#include "source/csv/record_index.h"

namespace headrace {

void RecordIndexer::TakeOut(const BadPlaces& places, int column, RecordRange* range) {
  AddBad(places, column, *range);
  RemoveRows(places, range);
  if (bad_.size() >= kBadRecordsMax) EndBehindBad(range);
}

// Keeps bad_ in order, and `row` of each the number of rows before it that stay.
void RecordIndexer::AddBad(const BadPlaces& places, int column, const RecordRange& range) {
  std::vector<BadRecord> merged;
  merged.reserve(bad_.size() + places.places.size());
  int32_t taken_out = 0;
  auto before = bad_.begin();
  const auto keep_until = [&](uint32_t position) {
    for (; before != bad_.end() && before->begin < position; ++before) {
      merged.push_back(*before);
      merged.back().row -= taken_out;
    }
  };
  for (const BadPlaces::Place& place : places.places) {
    const int64_t begin = range.RowStart(place.row);
    keep_until(static_cast<uint32_t>(begin));
    BadRecord record;
    record.begin = static_cast<uint32_t>(begin);
    record.end = EndOfRow(record.begin, range.index[place.row * range.stride + columns_]);
    record.at = static_cast<uint32_t>(place.begin - range.text);
    record.length = static_cast<uint32_t>(place.end - place.begin);
    record.row = static_cast<int32_t>(place.row) - taken_out;
    record.number = column;
    merged.push_back(record);
    ++taken_out;
  }
  keep_until(std::numeric_limits<uint32_t>::max());
  bad_ = std::move(merged);
}

void RecordIndexer::RemoveRows(const BadPlaces& places, RecordRange* range) {
  uint32_t* const index = block_->index();
  const int64_t stride = columns_ + 1;
  const auto copy_rows = [&](int64_t from, int64_t from_stride, int64_t to, int64_t rows) {
    std::memmove(index + to * stride, index + from * from_stride,
                 static_cast<size_t>(rows * stride) * sizeof(uint32_t));
  };
  // Where neighbours share a position, each row gets its own first; there is room for that.
  if (range->stride != stride) {
    for (int64_t row = range->rows; row-- > 0;) copy_rows(row, range->stride, row, 1);
    range->stride = stride;
  }
  int64_t kept = places.places.front().row;
  for (size_t i = 0; i < places.places.size(); ++i) {
    const int64_t from = places.places[i].row + 1;
    const bool is_last = i + 1 == places.places.size();
    const int64_t rows = (is_last ? range->rows : places.places[i + 1].row) - from;
    copy_rows(from, stride, kept, rows);
    kept += rows;
  }
  range->rows = kept;
}

// What comes after the last record that bad_ has room for is left to the next range.
void RecordIndexer::EndBehindBad(RecordRange* range) {
  const int64_t last = bad_[kBadRecordsMax - 1].begin;
  // at_ is behind the range: what is left to do again lies before it.
  if (bad_.size() > kBadRecordsMax) at_ = std::min<int64_t>(at_, bad_[kBadRecordsMax].begin);
  bad_.resize(kBadRecordsMax);
  int64_t rows = 0;
  for (int64_t above = range->rows; rows < above;) {
    const int64_t middle = (rows + above) / 2;
    if (range->RowStart(middle) < last) {
      rows = middle + 1;
    } else {
      above = middle;
    }
  }
  if (rows < range->rows) at_ = std::min(at_, range->RowStart(rows));
  range->rows = rows;
}

}  // namespace headrace
