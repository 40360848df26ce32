// From a stored record batch to batches for the pipeline.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "source/arrow/ipc_body.h"
#include "source/arrow/ipc_columns.h"
#include "source/arrow/ipc_file.h"

namespace headrace {

// By id; what a morsel was given stays as it was when later dictionaries replace them.
using IpcDictionaries = std::map<int64_t, std::shared_ptr<arrow::ArrayData>>;

struct IpcBatchBounds {
  int64_t bytes = 0;  // aimed at
  int64_t rows = 0;   // at most
};

// Role: loads the wanted columns of one stored batch, validates them and gives them out in the
// types and the size that the pipeline wants: dictionaries and views as plain values. A batch whose
// columns can be read in ranges is never held whole. Owner: one worker. Threads: one. Errors:
// Invalid and NotImplemented for the seam; OutOfMemory.
class IpcBatchReader {
 public:
  // `wanted` are indices into `stored`, in the order of the fields of `delivered`.
  IpcBatchReader(const IpcSchema& stored, std::vector<int> wanted,
                 std::shared_ptr<arrow::Schema> delivered, IpcBatchBounds bounds,
                 arrow::MemoryPool* pool);

  // Whether the wanted columns of a batch can be read a range at a time.
  bool CanReadRange(const IpcBatchHead& head) const;
  // Bytes that loading the whole of the wanted columns takes.
  Result<int64_t> MeasureWhole(const IpcBatchHead& head, const IpcBody& body) const;

  using Use = std::function<Status(std::shared_ptr<arrow::RecordBatch>)>;
  Status Read(const IpcBatchHead& head, const IpcBody& body, const IpcDictionaries& dictionaries,
              RowRange rows, const Use& use) const;

 private:
  // Calls use(column, index into the delivered fields; -1 if not wanted) in stored order, which is
  // the only order in which a batch can be gone through.
  Status ForEachColumn(const std::function<Status(int stored, int delivered)>& use) const;
  Result<int64_t> Measure(const IpcBatchHead& head, const IpcBody& body, RowRange rows) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Load(const IpcBatchHead& head, const IpcBody& body,
                                                   const IpcDictionaries& dictionaries,
                                                   RowRange rows) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Deliver(const arrow::RecordBatch& loaded) const;
  Status EmitSlices(const arrow::RecordBatch& loaded, const Use& use) const;

  const IpcSchema& stored_;
  std::vector<int> delivered_index_;  // by stored column; -1 = not wanted
  int last_wanted_ = -1;
  const std::shared_ptr<arrow::Schema> delivered_;
  const IpcBatchBounds bounds_;
  arrow::MemoryPool* pool_;
};

// The values of a dictionary message.
Result<std::shared_ptr<arrow::ArrayData>> LoadDictionary(
    const IpcBatchHead& head, const IpcBody& body, const std::shared_ptr<arrow::DataType>& type);

}  // namespace headrace
