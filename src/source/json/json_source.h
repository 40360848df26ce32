// JsonSource: typed columns out of blocks of JSON text.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "source/json/json_block_reader.h"
#include "source/json/json_column.h"
#include "source/json/json_rows.h"
#include "source/source.h"

namespace headrace {

struct JsonSourceSettings {
  JsonBlockLimits limits;
  int64_t batch_bytes = 1 << 20;
  int64_t chunk_rows = 50'000;
  int64_t field_bytes_max = 256LL << 20;
  std::vector<std::string> keys;  // of the rows, in the usual order
  arrow::MemoryPool* pool = nullptr;
};

// Role: hands out blocks as morsels and converts them. A block becomes several batches where rows
// or Arrow bytes would pass the limits. Owner: the run. Threads: as Source says; conversion holds
// no lock. Errors: BadInput with file, line, byte, column, value and reason.
class JsonSource : public Source {
 public:
  static Result<std::unique_ptr<JsonSource>> Make(std::vector<JsonInput> inputs,
                                                  std::shared_ptr<arrow::Schema> schema,
                                                  JsonSourceSettings settings);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override;
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override;
  void Stop() override { reader_.Stop(); }
  std::vector<SourceInput> inputs() const override;
  int64_t consumed_bytes() const override { return reader_.stored_bytes_read(); }
  int64_t total_bytes() const override { return reader_.total_bytes(); }

 private:
  JsonSource(std::vector<JsonInput> inputs, std::shared_ptr<arrow::Schema> schema,
             JsonSourceSettings settings);
  Result<std::unique_ptr<JsonRowColumns>> TakeColumns();
  Status ReadRows(const JsonBlock& block, JsonRowColumns* columns, const EmitBatch& emit);
  // Rows of a block, counted in it.
  struct RowSpan {
    int64_t first = 0;
    int64_t count = 0;
  };
  Status Emit(const JsonBlock& block, JsonRowColumns* columns, JsonTake* take, RowSpan rows,
              const EmitBatch& emit);
  Status EmitBefore(const JsonBlock& block, int64_t first, const uint8_t* bad,
                    const EmitBatch& emit);
  Status BadValueError(const JsonBlock& block, const JsonBadValue& bad) const;

  const std::shared_ptr<arrow::Schema> schema_;
  const JsonSourceSettings settings_;
  JsonBlockReader reader_;
  std::vector<std::atomic<int64_t>> rows_;  // by input
  std::mutex mutex_;
  std::vector<std::unique_ptr<JsonRowColumns>> free_columns_;  // one for every worker in the end
};

}  // namespace headrace
