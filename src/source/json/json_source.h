// JsonSource: typed columns out of blocks of JSON text.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "source/json/json_block_reader.h"
#include "source/json/json_reading.h"
#include "source/source.h"
#include "source/text/input_counts.h"

namespace headrace {

// Role: hands out blocks as morsels and converts them. A block becomes several batches where rows
// or Arrow bytes would pass the limits. Owner: the run. Threads: as Source says; conversion holds
// no lock. Errors: BadInput with file, line, byte, column, value and reason.
class JsonSource : public Source {
 public:
  static Result<std::unique_ptr<JsonSource>> Make(std::vector<JsonInput> inputs,
                                                  std::shared_ptr<arrow::Schema> schema,
                                                  JsonReadingSettings settings);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<Morsel>> Next() override;
  Status Read(std::unique_ptr<Morsel> morsel, const EmitBatch& emit) override;
  void Stop() override { reader_.Stop(); }
  std::vector<SourceInput> inputs() const override { return counts_.With(reader_.inputs()); }
  int64_t consumed_bytes() const override { return reader_.stored_bytes_read(); }
  int64_t total_bytes() const override { return StoredBytesOf(reader_.inputs()); }

 private:
  JsonSource(std::vector<JsonInput> inputs, std::shared_ptr<arrow::Schema> schema,
             JsonReadingSettings settings);
  Result<std::unique_ptr<JsonWorkspace>> TakeWorkspace();
  Status Emit(int file, Batch batch, const EmitBatch& emit);

  const std::shared_ptr<arrow::Schema> schema_;
  const JsonReadingSettings settings_;
  JsonBlockReader reader_;
  InputCounts counts_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<JsonWorkspace>> free_workspaces_;  // one for every worker in the end
};

}  // namespace headrace
