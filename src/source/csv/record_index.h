// Record index: positions of field ends, row by row, out of a block's structure bits.
#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
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

struct IndexLimits {
  int64_t rows_max = 50'000;        // per range
  int64_t positions_max = 1 << 18;  // per range, unless one row has more
};

// A record with another number of fields than the header.
struct RaggedRecord {
  int64_t position = 0;  // of its first byte in the block
  int64_t fields = 0;
};

// Role: walks one block range by range. As long as every record has the expected number of fields,
// the flattened bits are the index; from the first irregular record on (blank line, comment,
// ragged) rows are laid out one by one. Owner: the worker that converts the block. Threads: one.
class RecordIndexer {
 public:
  RecordIndexer(TextBlock* block, const Dialect& dialect, int columns, const IndexLimits& limits);
  // False at the end of the block, or when `ragged` was found (after the rows before it have been
  // given out).
  Result<bool> Next(RecordRange* range);
  const std::optional<RaggedRecord>& ragged() const { return ragged_; }

 private:
  int64_t NextUniform();
  bool HasNewlines(const uint32_t* index, int64_t rows, int64_t end) const;
  int64_t NextWalking();
  bool IsBlank(int64_t begin, int64_t end) const;

  TextBlock* const block_;
  const Dialect dialect_;
  const int columns_;
  int64_t rows_per_range_;
  int64_t positions_;
  int64_t at_ = 0;  // next byte
  bool uniform_;
  std::optional<RaggedRecord> ragged_;
};

}  // namespace headrace
