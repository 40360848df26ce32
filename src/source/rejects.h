// Rejects: input records that cannot become rows, on their way into quarantine.
//
// A source that meets a bad record goes by ScanContext::bad_rows. kFail: it gives out the rows
// before it and fails with an error that names the place. kQuarantine: it leaves the record out and
// tells of it in Batch::rejects of the batch in which its row would have been. Either way the first
// bad record of the input is the same for any threads, budget and block borders.
#pragma once

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "data/batch.h"
#include "headrace/job.h"

namespace headrace {

// Why it cannot. The names are what users see and filter by: they never change.
enum class RejectCode : uint8_t {
  kBadValue,        // a value does not fit the type of its column
  kTooFewFields,    // a record with fewer fields than the header
  kTooManyFields,   // or more
  kInvalidUtf8,     // bytes that are not UTF-8
  kFieldTooLong,    // a field above field_bytes_max
  kMalformedQuote,  // text after a closing quote
  kUnclosedQuote,   // a quote that is opened and never closed
  kInvalidJson,     // not JSON
  kNotAnObject,     // JSON, but no object
  kNestedTooDeep,   // JSON within JSON beyond any use
  kRepeatedKey,     // a key that stands in one object twice
  kRecordTooLong,   // a record above what its source takes
};
std::string_view RejectCodeName(RejectCode code);  // "bad_value", "too_few_fields", ...

struct Reject {
  std::string_view file;    // as messages show it
  int64_t line = 0;         // physical line on which the record begins, from 1
  int64_t byte_offset = 0;  // of the record's first byte in the decoded text, from 0
  std::string_view column;  // "" when it is the record as a whole
  RejectCode code = RejectCode::kBadValue;
  std::string_view reason;  // a few words for people
  std::string_view raw;     // the whole record without its line end, as in the decoded text
  int64_t rows_before = 0;  // rows of the same batch that come before it
};

// Columns of a batch of rejects: file, line, byte_offset, column (NULL for the whole record),
// reason_code, reason, raw (binary), and last rows_before, which only the driver looks at: it is
// not stored.
const std::shared_ptr<arrow::Schema>& RejectSchema();
// The same without rows_before: what a quarantine file holds.
const std::shared_ptr<arrow::Schema>& QuarantineSchema();

// Role: gathers the rejects of one batch, in the order of the input. Owner: the worker that reads a
// morsel. Threads: one. Errors: OutOfMemory from the pool. Limits: nothing is cut, so what it holds
// is bounded by the text its caller looks at between two Finish.
class RejectBuilder {
 public:
  explicit RejectBuilder(arrow::MemoryPool* pool);

  Status Add(const Reject& reject);
  int64_t rows() const { return line_.length(); }
  // Bytes of the texts added since the last Finish. A caller whose batch has gathered about
  // kRejectBytesMax ends it early, so that long stretches of bad records take no more memory.
  int64_t bytes() const { return bytes_; }
  // What was added as Batch::rejects; nullptr when it was nothing. Then it is empty again.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  int64_t bytes_ = 0;
  arrow::StringBuilder file_;
  arrow::Int64Builder line_;
  arrow::Int64Builder byte_offset_;
  arrow::StringBuilder column_;
  arrow::StringBuilder code_;
  arrow::StringBuilder reason_;
  arrow::BinaryBuilder raw_;
  arrow::Int64Builder rows_before_;
};

inline constexpr int64_t kRejectBytesMax = 256 * 1024;

// What rejects take beside a source's own floor, per worker: texts, positions, and the builders'
// room to grow. One record that is longer takes its length more.
inline constexpr int64_t kRejectWorkerBytes = 4 * kRejectBytesMax;

}  // namespace headrace
