// JsonReading: turns one block of JSON text into batches.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "source/json/json_block_reader.h"
#include "source/json/json_column.h"
#include "source/json/json_rows.h"
#include "source/record_places.h"
#include "source/source.h"

namespace headrace {

struct JsonReadingSettings {
  JsonBlockLimits limits;
  int64_t batch_bytes = 1 << 20;
  int64_t chunk_rows = 50'000;
  int64_t field_bytes_max = 256LL << 20;
  BadRows bad_rows = BadRows::kFail;
  std::vector<std::string> keys;  // of the rows, in the usual order
  bool only_these_keys = false;   // any other is a fault
  RecordPlaceColumns places;      // which columns of the schema are such
  arrow::MemoryPool* pool = nullptr;
  Cancellation* cancellation = nullptr;  // may be null
};

// What a worker keeps from block to block.
struct JsonWorkspace {
  explicit JsonWorkspace(arrow::MemoryPool* pool) : row_starts(pool) {}
  std::unique_ptr<JsonRowColumns> columns;
  PoolArray<uint32_t> row_starts;  // of the rows of the batch, in the text of the block
};

// Role: reads the rows of a block and emits their batches in order; bad rows go by the settings, as
// rejects.h says. Rows are taken until a batch is full; values are then converted, and only then is
// it known which of them do not fit. Owner: a worker, for one block. Threads: one. Errors: BadInput
// with file, line, byte, column, value and reason; what `emit` fails with.
class JsonReading {
 public:
  JsonReading(const JsonReadingSettings& settings, const std::vector<JsonInput>& inputs,
              std::shared_ptr<arrow::Schema> schema, const JsonBlock& block,
              JsonWorkspace* workspace, const EmitBatch& emit);

  Status Run();

 private:
  // A row that cannot be taken at all.
  struct BrokenRow {
    const uint8_t* begin;
    int64_t row;  // rows of the batch before it
    RejectCode code;
    std::string reason;
  };
  // Rows of the batch from its first one on, and what is bad among them and was taken out.
  struct Part {
    int64_t rows = 0;
    std::vector<JsonBadValue> bad;
    arrow::ArrayVector arrays;
  };

  bool IsFull() const;
  Status TakeRow(JsonRows* rows);
  Status EndBatch();
  Status EmitOrFail();
  Status EmitWithRejects();
  Status TakeOutBadValues(Part* part);
  Status EmitInOrder(Part part, size_t broken_count);
  Status AddReject(const uint8_t* begin, RejectCode code, const std::string& column,
                   const std::string& reason, int64_t rows_before);
  Result<std::shared_ptr<arrow::RecordBatch>> MakeBatch(arrow::ArrayVector arrays, int64_t rows);
  Result<std::shared_ptr<arrow::Array>> Lines(int64_t rows);
  Result<std::shared_ptr<arrow::Array>> Offsets(int64_t rows);
  int64_t LineAt(const uint8_t* place);
  Status BadValueError(const JsonBadValue& bad) const;

  const JsonReadingSettings& settings_;
  const std::vector<JsonInput>& inputs_;
  const std::shared_ptr<arrow::Schema> schema_;
  const JsonBlock& block_;
  JsonRowColumns* const columns_;
  PoolArray<uint32_t>& row_starts_;
  const EmitBatch& emit_;
  const int64_t row_bytes_;
  JsonTake take_;
  int64_t count_ = 0;  // rows of the batch so far
  std::vector<BrokenRow> broken_;
  RejectBuilder rejects_;
  const uint8_t* line_place_;  // whose line is line_
  int64_t line_;
};

}  // namespace headrace
