// StreamSink: rows into one file, or into the files of a dataset without partitions, in input
// order.
#pragma once

#include <memory>
#include <vector>

#include "base/turn_gate.h"
#include "sink/encode_slots.h"
#include "sink/file_set.h"
#include "sink/sink.h"
#include "sink/sink_memory.h"

namespace headrace {

// Role: gathers copies of batches until they make a row group; the worker whose batch filled it
// encodes it after leaving the gate, so row groups are encoded side by side and written in order.
// Owner: the run. Threads and errors: as Sink.
// Limits: one row group being filled and one per worker on its way into the file.
class StreamSink : public Sink {
 public:
  StreamSink(SinkOptions options, SinkContext context, SinkMemory memory,
             std::shared_ptr<const OutputForm> form);

  Status Consume(int64_t sequence, Batch batch) override;
  Status EndMorsel(int64_t sequence) override;
  Result<SinkSummary> Finish() override;

 private:
  struct CutRowGroup {
    int64_t order = 0;
    BatchVector batches;
  };

  // Part of a batch in the stored schema.
  struct StoredSlice {
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t bytes = 0;
    bool alone = false;  // large enough for a row group of its own, and not copied
  };
  Result<StoredSlice> Store(std::shared_ptr<arrow::RecordBatch> slice) const;

  // Both inside the gate.
  Status Gather(StoredSlice slice);
  Status Cut();

  Status EncodeAndWrite(CutRowGroup row_group);

  const SinkOptions options_;
  const SinkContext context_;
  const SinkMemory memory_;
  const int64_t row_group_rows_;
  std::shared_ptr<const OutputForm> form_;
  TurnGate gate_;
  EncoderPool encoders_;
  FileSet files_;
  FileSeries series_{""};

  // Touched only inside the gate.
  BatchVector filling_;
  int64_t filling_rows_ = 0;
  int64_t filling_bytes_ = 0;
  int64_t next_order_ = 0;
  int64_t rows_ = 0;
  GateWork<CutRowGroup> cut_;
};

}  // namespace headrace
