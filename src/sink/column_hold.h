// ColumnHold: the rows of a small result, kept as columns until they are encoded.
#pragma once

#include <arrow/stl_allocator.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "sink/encode_slots.h"
#include "sink/file_set.h"
#include "sink/row_scatter.h"
#include "sink/side_by_side.h"

namespace headrace {

struct ColumnHoldOptions {
  std::shared_ptr<arrow::Schema> schema;  // of the stored columns
  int64_t rows_max = 0;                   // of one row group
  std::function<int64_t()> bytes_max;     // as much as one row group may have now
  arrow::MemoryPool* pool = nullptr;
};

// Role: holding rows as rows, so that they can be spilled, takes encoding and decoding each: most
// of what a run of few rows would do. So the first rows are held as the columns they came as, as
// long as all of them make no more than one row group. Then they become rows like all that follow.
// Owner: the sink. Threads: is_open from any; the rest inside the gate. Limits: batches of few rows
// per partition are not taken: pieces that small cost more as columns.
class ColumnHold {
 public:
  explicit ColumnHold(ColumnHoldOptions options);

  // Whether rows may come as columns. Never true again once it was false.
  bool is_open() const { return is_open_.load(std::memory_order_acquire); }
  int64_t rows() const { return rows_; }
  // Takes rows, in order and in the sink's memory, if they fit beside the others; else `grouped` is
  // left as it was.
  Result<bool> Take(GroupedRows* grouped);
  // Ends the hold: `use` gets what was held, in the order it came.
  Status HandOver(const std::function<Status(const GroupedRows&)>& use);
  // Ends it at the end of the run: one row group per partition.
  Status WriteAll(EncoderPool* encoders, FileSet* files, const SideBySideOptions& side_by_side);

 private:
  struct Part {
    Partition* partition = nullptr;
    const arrow::RecordBatch* columns = nullptr;
    int64_t begin = 0;
    int64_t end = 0;
  };
  using Parts = std::vector<Part, arrow::stl::allocator<Part>>;
  // All runs, those of one partition behind each other, in the order they came.
  Parts PartsByPartition() const;
  static int64_t BytesOf(const GroupedRows& grouped);

  const ColumnHoldOptions options_;
  std::atomic<bool> is_open_;
  std::vector<GroupedRows> held_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace headrace
