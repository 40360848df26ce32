// Record index: positions of field ends, row by row, out of a block's structure bits.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "source/csv/bad_record.h"
#include "source/csv/dialect.h"
#include "source/csv/text_block.h"

namespace headrace {

// Some consecutive records. Field c of row r lies between index[r * stride + c] + 1 and index[r *
// stride + c + 1] (which is its delimiter or newline).
struct RecordRange {
  const uint8_t* text = nullptr;
  const uint32_t* index = nullptr;
  int64_t stride = 0;
  int64_t rows = 0;
  int columns = 0;
  bool trim_returns = false;  // the last field may end in the '\r' of "\r\n"
  bool unescape = false;      // quoted fields may hold doubled quotes or escapes
  bool quotes = false;        // there are quoted fields

  int64_t RowStart(int64_t row) const { return static_cast<uint32_t>(index[row * stride] + 1); }
};

// Where fields of one column stand that do not fit it: the first `count_max`, in the order of rows.
struct BadPlaces {
  struct Place {
    int64_t row;  // in the range
    const uint8_t* begin;
    const uint8_t* end;
  };
  size_t count_max = 1;
  std::vector<Place> places;

  // False when that was the last one wanted.
  bool Add(int64_t row, const uint8_t* begin, const uint8_t* end) {
    places.push_back({row, begin, end});
    return places.size() < count_max;
  }
};

struct IndexLimits {
  int64_t rows_max = 50'000;        // per range
  int64_t positions_max = 1 << 18;  // per range, unless one row has more
  int64_t field_bytes_max = 256LL << 20;
  BadRows bad_rows = BadRows::kFail;  // kRepair: records become rows where that takes no guess
};

// Role: walks one block range by range. As long as every record has the expected number of fields,
// the flattened bits are the index; from the first irregular record on (blank line, comment,
// ragged) rows are laid out one by one. Records whose shape or text is wrong are kept apart, or
// repaired: fields that are missing get positions behind the record (TextBlock has room for those
// of the last one), surplus empty ones get none.
// Owner: the worker that converts the block. Threads: one.
class RecordIndexer {
 public:
  RecordIndexer(TextBlock* block, const Dialect& dialect, int columns, const IndexLimits& limits);
  // The next rows and bad records, of either at least one. False at the end of the block.
  Result<bool> Next(RecordRange* range);
  // Records of the last range that are not among its rows, in their order: those that have another
  // number of fields, malformed quotes, invalid text or a field that is too long, and what was
  // taken out.
  const std::vector<BadRecord>& bad() const { return bad_; }
  // How many of the range's rows were repaired.
  RepairCounts CountRepairs(const RecordRange& range) const;
  // Takes rows out of the last range, those whose field of `column` (of the schema) is bad; of a
  // column the first kBadRecordsMax were looked for. When bad() has so many, the range ends behind
  // the last of them.
  void TakeOut(const BadPlaces& places, int column, RecordRange* range);

 private:
  int64_t NextUniform();
  bool HasNewlines(const uint32_t* index, int64_t rows, int64_t end) const;
  int64_t NextWalking();
  bool IsBlank(int64_t begin, int64_t end) const;
  bool HasLongField(const uint32_t* index, int64_t fields) const;
  // Whether the record is good; else `bad` says what is wrong. `row` is its place in the index.
  bool Check(int64_t begin, int64_t end, int64_t fields, uint32_t* row, BadRecord* bad);
  bool CheckLengths(const uint32_t* row, BadRecord* bad) const;
  bool CheckQuotes(BadRecord* bad) const;
  bool CheckText(BadRecord* bad) const;
  uint32_t WithoutReturn(int64_t begin, int64_t end) const;
  // Gives a record with another number of fields the positions of a row, where that loses nothing.
  bool FitFields(const BadRecord& record, int64_t fields, uint32_t* row) const;
  // Of a row, without its line end.
  uint32_t EndOfRow(uint32_t begin, int64_t last_field_end) const;
  void AddBad(const BadPlaces& places, int column, const RecordRange& range);
  void RemoveRows(const BadPlaces& places, RecordRange* range);
  void EndBehindBad(RecordRange* range);

  TextBlock* const block_;
  const Dialect dialect_;
  const int columns_;
  const int64_t field_bytes_max_;
  const bool repairs_;
  int64_t invalid_at_;  // the first byte that is no UTF-8; past the block: none
  int64_t error_at_;    // no mistaken quote before; past the block: none at all
  int64_t rows_per_range_;
  int64_t positions_;
  int64_t at_ = 0;  // next byte
  bool uniform_;
  std::vector<BadRecord> bad_;
  std::vector<RepairedRecord> repaired_;  // among what the last range was laid out from, in order
};

}  // namespace headrace
