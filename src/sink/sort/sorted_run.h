// Sorted runs: rows in order, in memory or in the spill, and the merging of several into one.
//
// A record is a row and its sort key: the key behind its length (sort_key.h), then the encoded row.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/stl_allocator.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "data/row_codec.h"
#include "data/sort_key.h"
#include "spill/spill_area.h"

namespace headrace {

// Where a record lies.
struct SortRecord {
  const uint8_t* key = nullptr;  // its length first
  const uint8_t* row = nullptr;

  std::string_view key_bytes() const;
};

// Role: reads the records of a run, one after the other. Owner: a merge. Threads: one at a time.
// Errors: as the spill's.
class RecordCursor {
 public:
  virtual ~RecordCursor() = default;
  virtual bool at_end() const = 0;
  // Stays until the next Advance.
  virtual const SortRecord& record() const = 0;
  virtual Status Advance() = 0;
};

// Role: the rows that will be one run, while they are in memory. Owner: the sorting sink. Threads:
// one at a time. Errors: OutOfMemory from the pool.
class SortHold {
 public:
  explicit SortHold(arrow::MemoryPool* pool) : pool_(pool) {}

  void Add(EncodedRows keys, EncodedRows rows);
  bool empty() const { return rows_ == 0; }
  // Of everything, the order that Sort will make included.
  int64_t bytes() const { return bytes_; }
  static int64_t BytesOf(const EncodedRows& keys, const EncodedRows& rows);

  // Once, after the last Add: equal keys stay in the order in which they came.
  Status Sort();
  // Of a sorted hold, which outlives the cursor.
  std::unique_ptr<RecordCursor> Read() const;

 private:
  struct Entry;
  class Cursor;
  struct Part {
    std::shared_ptr<arrow::Buffer> keys;
    std::shared_ptr<arrow::Buffer> row_bytes;
    int64_t rows = 0;
  };
  arrow::MemoryPool* pool_;
  std::vector<Part> parts_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
  std::shared_ptr<arrow::Buffer> order_;  // of Entry
};

// A run in the spill, and what reading it takes.
struct SortedRun {
  explicit SortedRun(arrow::MemoryPool* pool) : frames(arrow::stl::allocator<SpillFrame>(pool)) {}
  std::vector<SpillFrame, arrow::stl::allocator<SpillFrame>> frames;
  int64_t bytes = 0;
  int64_t frame_bytes_max = 0;
};

// Where runs are written to and read from.
struct SortSpill {
  SpillArea* area = nullptr;
  int64_t frame_bytes = 0;  // of a usual frame
  arrow::MemoryPool* pool = nullptr;
  const Cancellation* cancellation = nullptr;  // looked at before every frame that is written

  // Pool bytes that WriteSortedRun takes.
  int64_t WriteBytes() const;
};

// Writes all that is left of `cursor`.
Result<SortedRun> WriteSortedRun(RecordCursor* cursor, const SortSpill& spill);
// The frames are released as they are read.
Result<std::unique_ptr<RecordCursor>> ReadSortedRun(SortedRun run, const SortSpill& spill);
// All records in order; where keys are equal, those of earlier runs first.
std::unique_ptr<RecordCursor> MergeSortedRuns(std::vector<std::unique_ptr<RecordCursor>> runs);

}  // namespace headrace
