// PartitionedSink: rows into the files of their partitions' directories,
// "k=v/l=w/part-<run>-<n>.parquet".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/turn_gate.h"
#include "sink/column_hold.h"
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
// the spill back bucket by bucket. A result that makes no more than one row group never becomes
// rows (column_hold.h). Owner: the run. Threads and errors: as Sink. A partition value
// that names no directory is BadInput. Limits: rows held and on their way out stay within the
// memory plan; open files and their footers as FileSet.
class PartitionedSink : public Sink {
 public:
  static Result<std::unique_ptr<Sink>> Make(SinkOptions options, SinkContext context,
                                            SinkMemory memory, PartitionColumns columns,
                                            std::shared_ptr<const OutputForm> form);

  Status Consume(int64_t sequence, Batch batch) override;
  Status EndMorsel(int64_t sequence) override;
  Result<SinkSummary> Finish() override;

 private:
  PartitionedSink(SinkOptions options, SinkContext context, SinkMemory memory,
                  PartitionColumns columns, std::shared_ptr<const OutputForm> form,
                  RowLayouts layouts);
  // Rows in the form in which they are taken in: columns while the hold is open, else rows.
  struct ReadyRows {
    GroupedRows grouped;
    std::optional<ScatteredRows> rows;
  };
  Result<ReadyRows> MakeReady(const std::shared_ptr<arrow::RecordBatch>& slice) const;
  // Both inside the gate.
  Status TakeIn(ReadyRows ready);
  Status Route(const GroupedRows& grouped, const ScatteredRows& rows);
  Status CloseHold();

  SideBySideOptions side_by_side() const {
    return {options_.threads, context_.cancellation, context_.allowance};
  }
  Status FinishRows();
  Status WriteEmptyFile();
  SinkSummary Summary();

  const SinkOptions options_;
  const SinkContext context_;
  const SinkMemory memory_;
  const PartitionColumns columns_;
  const std::shared_ptr<const OutputForm> form_;
  const RowLayouts layouts_;
  PartitionTable table_;
  RowScatter scatter_;
  EncoderPool encoders_;
  FileSet files_;
  PartitionWork work_;
  TurnGate gate_;
  GateWork<RouterWork> cut_;
  ColumnHold hold_;  // the rest only inside the gate
  PartitionRouter router_;
  int64_t rows_ = 0;
};

}  // namespace headrace
