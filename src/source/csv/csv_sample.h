// The start of a text, cut into records: what the sniffer and the header look at.
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/csv/dialect.h"
#include "source/csv/structure_scan.h"
#include "source/text/text_input.h"

namespace headrace {

// The first bytes of a text, padded for the scanners.
class TextSample {
 public:
  // Up to `bytes` of the decoded text.
  static Result<TextSample> Read(TextInput* input, int64_t bytes, arrow::MemoryPool* pool);
  const uint8_t* text() const { return buffer_->data() + kTextPadding; }
  int64_t length() const { return length_; }
  bool whole() const { return whole_; }  // the text ends here

 private:
  std::shared_ptr<arrow::Buffer> buffer_;
  int64_t length_ = 0;
  bool whole_ = false;
};

// A record with more fields is refused: a wrong delimiter, or no CSV at all. What a column costs
// outside the pools (schemas, names, encoders) is bounded by this.
inline constexpr size_t kColumnsMax = 65'536;

struct SampleField {
  const uint8_t* begin = nullptr;  // raw, with quotes
  const uint8_t* end = nullptr;
};

struct SampleRecord {
  int64_t begin = 0;  // offset in the sample
  int64_t next = 0;   // offset of what follows it
  std::vector<SampleField> fields;
};

// Whole records of a sample without blank lines (unless every record has one field) and comments.
struct SampleRecords {
  std::vector<SampleRecord> records;
  bool quote_error =
      false;         // text after a closing quote, or a quote still open at the end of the text
  bool cut = false;  // the sample ends inside a record
  bool too_wide = false;  // cutting stopped at a record of more than kColumnsMax fields
};

// '\r' only where the sample has no '\n' outside double quotes.
uint8_t FindNewline(const TextSample& sample);

// Bytes of the lines at the start that hold no record: skipped ones, comments, blank lines. The
// whole sample when no record begins in it.
int64_t PreambleBytes(const TextSample& sample, const Dialect& dialect);

// Cuts a sample by a dialect; skip_rows lines are passed over. At most `records_max` records, fewer
// when they are very wide. With `repair_columns` mistaken quotes are repaired, for records that
// should have so many fields (QuoteRepair).
Result<SampleRecords> CutSample(const TextSample& sample, const Dialect& dialect,
                                int64_t records_max, arrow::MemoryPool* pool,
                                std::optional<int> repair_columns = std::nullopt);

// The value of a field: unquoted, unescaped.
std::string SampleValue(const SampleField& field, const Dialect& dialect);

}  // namespace headrace
