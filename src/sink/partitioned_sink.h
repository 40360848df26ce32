// PartitionedSink: rows into the files of their partitions' directories,
// "k=v/l=w/part-<run>-<n>.parquet".
#pragma once

#include <memory>
#include <vector>

#include "base/turn_gate.h"
#include "sink/encode_slots.h"
#include "sink/file_set.h"
#include "sink/partition_keys.h"
#include "sink/partition_router.h"
#include "sink/partition_table.h"
#include "sink/partition_work.h"
#include "sink/row_scatter.h"
#include "sink/sink.h"
#include "sink/sink_memory.h"

namespace headrace {

// Role: groups the rows of a batch by partition before its turn, hands them to the router inside
// the gate, and does the work that this gave after leaving it. Finish encodes what is left, reading
// the spill back bucket by bucket. Owner: the run. Threads and errors: as Sink. A partition value
// that names no directory is BadInput. Limits: rows held and on their way out stay within the
// memory plan; open files and their footers as FileSet.
class PartitionedSink : public Sink {
 public:
  static Result<std::unique_ptr<Sink>> Make(SinkOptions options, SinkContext context,
                                            SinkMemory memory, PartitionColumns columns,
                                            std::shared_ptr<const ParquetLayout> layout);

  Status Consume(int64_t sequence, Batch batch) override;
  Status EndMorsel(int64_t sequence) override;
  Result<SinkSummary> Finish() override;

 private:
  PartitionedSink(SinkOptions options, SinkContext context, SinkMemory memory,
                  PartitionColumns columns, std::shared_ptr<const ParquetLayout> layout,
                  std::shared_ptr<const RowLayout> row_layout);
  Status Route(const ScatteredRows& scattered);  // inside the gate
  Status WriteEmptyFile();
  SinkSummary Summary() const;

  const SinkOptions options_;
  const SinkContext context_;
  const SinkMemory memory_;
  const PartitionColumns columns_;
  const std::shared_ptr<const ParquetLayout> layout_;
  const std::shared_ptr<const RowLayout> row_layout_;
  PartitionTable table_;
  RowScatter scatter_;
  EncoderPool encoders_;
  FileSet files_;
  PartitionWork work_;
  TurnGate gate_;
  GateWork<RouterWork> cut_;
  PartitionRouter router_;  // the rest only inside the gate
  int64_t rows_ = 0;
};

}  // namespace headrace
