// SortingSink: puts the rows of every partition, or of the whole output, in order, and gives them
// to the sink that writes.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/turn_gate.h"
#include "data/sort_key.h"
#include "sink/encode_slots.h"
#include "sink/side_by_side.h"
#include "sink/sink.h"
#include "sink/sort/sort_memory.h"
#include "sink/sort/sorted_run.h"

namespace headrace {

// Role: an external merge sort in front of another sink. Rows get keys of their partition columns
// and of the columns to sort by; a batch is encoded before its turn and held in its turn; what
// fills the bytes of a run is sorted and spilled by the worker outside of the gate. Finish merges
// the runs and hands the rows on, partition by partition, so that the sink behind has nothing to
// spill. Rows with equal keys stay in the order of the input. A result that fits is sorted in
// memory. Owner: the run. Threads and errors: as Sink. Limits: what SortMemory says; a row whose
// encoded form does not fit beside that is OutOfMemory.
class SortingSink : public Sink {
 public:
  static Result<std::unique_ptr<Sink>> Make(SinkOptions options, SinkContext context);
  // Of a sink that sorts. Errors: InvalidPlan, also for unknown columns and those without an order.
  static Result<StageNeeds> Needs(const SinkOptions& options);

  Status Consume(int64_t sequence, Batch batch) override;
  Status EndMorsel(int64_t sequence) override;
  Result<SinkSummary> Finish() override;

 private:
  struct ReadyRows {
    EncodedRows keys;
    EncodedRows rows;
  };
  struct CutHold {
    int64_t number = 0;
    SortHold hold;
  };
  SortingSink(SinkOptions options, SinkContext context, StageNeeds inner_needs);
  Result<ReadyRows> MakeReady(const std::shared_ptr<arrow::RecordBatch>& slice) const;
  // Both inside the gate.
  Status TakeIn(ReadyRows ready);
  Status Cut();
  Status SpillHold(CutHold cut);

  // All rows in order, from memory or from the spill.
  Result<std::unique_ptr<RecordCursor>> Sorted();
  bool FitsBesideTheInner() const;
  Result<std::unique_ptr<RecordCursor>> MergeSpilled();
  Result<std::unique_ptr<Sink>> MakeInner() const;
  Status HandOver(RecordCursor* sorted, Sink* inner);
  Result<Batch> NextBatch(RecordCursor* sorted, int64_t* sequence);

  const SinkOptions options_;  // of the sink behind
  const SinkContext context_;
  const StageNeeds inner_needs_;
  const SortMemory memory_;
  SortSpill spill_;
  std::shared_ptr<arrow::Schema> stored_;
  std::shared_ptr<const SortKeyEncoder> key_encoder_;
  std::shared_ptr<const RowLayout> layout_;
  TurnGate gate_;
  GateWork<CutHold> cut_;
  SortHold hold_;  // this and the next only inside the gate
  int64_t next_run_ = 0;
  std::mutex mutex_;
  std::map<int64_t, SortedRun> runs_;  // by number
  std::mutex merge_mutex_;
  int64_t next_sequence_ = 0;
};

}  // namespace headrace
