#include "sink/sort/sorting_sink.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/nearest_name.h"
#include "data/byte_size.h"
#include "sink/partition_keys.h"
#include "sink/stored_columns.h"
#include "sink/take_in_turn.h"

namespace headrace {
namespace {

constexpr int64_t kBatchRowsMax = 65'536;
// Beside its values a row takes its length and null bits, its key's length and marks, where both
// stand, and its place in the order.
constexpr int64_t kReadyRowBytes = 96;

// Slices whose rows, keys and order take at most `bytes_max`; a value may stand in the row and in
// the key.
std::vector<std::shared_ptr<arrow::RecordBatch>> SliceForRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t bytes_max) {
  const int64_t bytes = std::max<int64_t>(1, ReferencedBytes(*batch));
  const int64_t ready_bytes = 2 * bytes + batch->num_rows() * kReadyRowBytes;
  const auto share = static_cast<double>(bytes) / static_cast<double>(ready_bytes);
  return SliceByBytes(batch, static_cast<int64_t>(static_cast<double>(bytes_max) * share));
}

SinkOptions WithoutSorting(SinkOptions options) {
  options.sort_within.clear();
  return options;
}

// Rows of one partition stand together; inside it they are sorted.
Result<std::shared_ptr<const SortKeyEncoder>> MakeKeyEncoder(const SinkOptions& options,
                                                             const PartitionColumns& columns) {
  std::vector<SortKeyColumn> keys;
  for (const int index : columns.key_indices) keys.push_back({index, SortDirection::kAscending});
  for (const SortBy& by : options.sort_within) {
    const int index = columns.all->GetFieldIndex(by.column);
    if (index < 0) {
      return MakeError(ErrorKind::kInvalidPlan, 649,
                       "column to sort by that the result does not have, or has more than once: "
                       "'{}'{}",
                       by.column, DidYouMean(by.column, columns.all->field_names()));
    }
    keys.push_back({index, by.direction});
  }
  return SortKeyEncoder::Make(*columns.all, keys);
}

}  // namespace

Result<StageNeeds> SortingSink::Needs(const SinkOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const PartitionColumns columns, SplitPartitionColumns(options));
  ARROW_RETURN_NOT_OK(MakeKeyEncoder(options, columns).status());
  ARROW_RETURN_NOT_OK(RowLayout::Make(columns.all).status());
  ARROW_ASSIGN_OR_RAISE(const StageNeeds inner, SinkNeeds(WithoutSorting(options)));
  return SortNeeds(options, inner);
}

Result<std::unique_ptr<Sink>> SortingSink::Make(SinkOptions options, SinkContext context) {
  ARROW_ASSIGN_OR_RAISE(const PartitionColumns columns, SplitPartitionColumns(options));
  ARROW_ASSIGN_OR_RAISE(auto key_encoder, MakeKeyEncoder(options, columns));
  options = WithoutSorting(std::move(options));
  ARROW_ASSIGN_OR_RAISE(StageNeeds inner, SinkNeeds(options));
  std::unique_ptr<SortingSink> sink(new SortingSink(std::move(options), context, std::move(inner)));
  sink->stored_ = columns.all;
  sink->key_encoder_ = std::move(key_encoder);
  ARROW_ASSIGN_OR_RAISE(sink->layout_, RowLayout::Make(columns.all));
  return sink;
}

SortingSink::SortingSink(SinkOptions options, SinkContext context, StageNeeds inner_needs)
    : options_(std::move(options)),
      context_(context),
      inner_needs_(std::move(inner_needs)),
      memory_(DivideSortMemory(options_, inner_needs_, context_.sink_bytes)),
      spill_{context_.spill, memory_.frame_bytes, context_.pool, context_.cancellation},
      gate_(context_.cancellation),
      cut_(options_.threads, context_.cancellation,
           [this](CutHold cut) { return SpillHold(std::move(cut)); }),
      hold_(context_.pool) {}

Status SortingSink::Consume(int64_t sequence, Batch batch) {
  if (batch.rows() == 0) return Status::OK();
  return TakeInTurn(
      SliceForRows(batch.columns, memory_.slice_bytes), &gate_, sequence,
      [this](const auto& slice) { return MakeReady(slice); },
      [this](ReadyRows ready) { return TakeIn(std::move(ready)); });
}

Result<SortingSink::ReadyRows> SortingSink::MakeReady(
    const std::shared_ptr<arrow::RecordBatch>& slice) const {
  ARROW_ASSIGN_OR_RAISE(const auto stored, ConvertToStored(slice, stored_, context_.pool));
  ReadyRows ready;
  ARROW_ASSIGN_OR_RAISE(ready.keys, key_encoder_->Encode(*stored, context_.pool));
  std::vector<int32_t> all(static_cast<size_t>(stored->num_rows()));
  std::iota(all.begin(), all.end(), 0);
  ARROW_ASSIGN_OR_RAISE(ready.rows, EncodeRows(*layout_, stored->columns(), all, context_.pool));
  return ready;
}

Status SortingSink::TakeIn(ReadyRows ready) {
  const int64_t bytes = SortHold::BytesOf(ready.keys, ready.rows);
  const int64_t most = AllowedNow(context_, memory_.hold_bytes, memory_.hold_bytes / 8);
  if (!hold_.empty() && hold_.bytes() + bytes > most) ARROW_RETURN_NOT_OK(Cut());
  hold_.Add(std::move(ready.keys), std::move(ready.rows));
  return Status::OK();
}

Status SortingSink::Cut() {
  return cut_.Add({next_run_++, std::exchange(hold_, SortHold(context_.pool))});
}

Status SortingSink::SpillHold(CutHold cut) {
  ARROW_RETURN_NOT_OK(cut.hold.Sort());
  ARROW_ASSIGN_OR_RAISE(SortedRun run, WriteSortedRun(cut.hold.Read().get(), spill_));
  std::lock_guard lock(mutex_);
  runs_.emplace(cut.number, std::move(run));
  return Status::OK();
}

Status SortingSink::EndMorsel(int64_t sequence) { return cut_.EndTurn(&gate_, sequence); }

Result<SinkSummary> SortingSink::Finish() {
  ARROW_ASSIGN_OR_RAISE(const auto sorted, Sorted());
  ARROW_ASSIGN_OR_RAISE(const auto inner, MakeInner());
  ARROW_RETURN_NOT_OK(HandOver(sorted.get(), inner.get()));
  ARROW_ASSIGN_OR_RAISE(SinkSummary summary, inner->Finish());
  summary.spilled_bytes = context_.spill->written_bytes();
  return summary;
}

bool SortingSink::FitsBesideTheInner() const {
  return hold_.bytes() + hold_.bytes() / 8 + memory_.inner_bytes +
             options_.threads * DrainBytes(memory_) <=
         context_.sink_bytes;
}

Result<std::unique_ptr<RecordCursor>> SortingSink::Sorted() {
  if (runs_.empty() && FitsBesideTheInner()) {
    ARROW_RETURN_NOT_OK(hold_.Sort());
    return hold_.Read();
  }
  if (!hold_.empty()) {
    ARROW_RETURN_NOT_OK(SpillHold({next_run_++, std::exchange(hold_, SortHold(context_.pool))}));
  }
  return MergeSpilled();
}

// While there are more runs than can be merged at once, neighbours become one, which stands where
// they stood, so that equal keys stay in order; no more of them than must be. From the first to the
// last and then again: what was merged waits until all others were, so rows are written once a
// pass.
Result<std::unique_ptr<RecordCursor>> SortingSink::MergeSpilled() {
  int64_t frame_bytes_max = memory_.frame_bytes;
  for (const auto& [number, run] : runs_) {
    frame_bytes_max = std::max(frame_bytes_max, run.frame_bytes_max);
  }
  const int64_t room = memory_.merge_bytes - spill_.WriteBytes() - frame_bytes_max;
  const int64_t most = std::max<int64_t>(2, room / frame_bytes_max);
  std::vector<SortedRun> runs;
  for (auto& [number, run] : runs_) runs.push_back(std::move(run));
  runs_.clear();
  const auto open = [&](int64_t begin, int64_t count) -> Result<std::unique_ptr<RecordCursor>> {
    std::vector<std::unique_ptr<RecordCursor>> cursors;
    for (int64_t i = 0; i < count; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto cursor,
                            ReadSortedRun(std::move(runs[static_cast<size_t>(begin + i)]), spill_));
      cursors.push_back(std::move(cursor));
    }
    return MergeSortedRuns(std::move(cursors));
  };
  int64_t begin = 0;
  while (std::ssize(runs) > most) {
    if (begin + 2 > std::ssize(runs)) begin = 0;
    const int64_t count = std::min({most, std::ssize(runs) - most + 1, std::ssize(runs) - begin});
    ARROW_ASSIGN_OR_RAISE(const auto merged, open(begin, count));
    ARROW_ASSIGN_OR_RAISE(SortedRun run, WriteSortedRun(merged.get(), spill_));
    const auto first = runs.begin() + begin;
    runs.erase(first + 1, first + count);
    runs[static_cast<size_t>(begin)] = std::move(run);
    ++begin;
  }
  return open(0, std::ssize(runs));
}

Result<std::unique_ptr<Sink>> SortingSink::MakeInner() const {
  SinkOptions options = options_;
  options.schema = layout_->schema();
  SinkContext context = context_;
  context.sink_bytes = memory_.inner_bytes;
  context.floor_bytes = inner_needs_.FloorBytes(options.threads);
  context.floor_one_bytes = inner_needs_.FloorBytes(1);
  return MakeSink(std::move(options), context);
}

Status SortingSink::HandOver(RecordCursor* sorted, Sink* inner) {
  const auto work = [&](int64_t) -> Status {
    while (true) {
      ARROW_RETURN_NOT_OK(context_.cancellation->Check());
      int64_t sequence = 0;
      ARROW_ASSIGN_OR_RAISE(Batch batch, NextBatch(sorted, &sequence));
      if (batch.rows() == 0) return Status::OK();
      ARROW_RETURN_NOT_OK(inner->Consume(sequence, std::move(batch)));
      ARROW_RETURN_NOT_OK(inner->EndMorsel(sequence));
    }
  };
  return RunSideBySide({options_.threads, context_.cancellation, context_.allowance},
                       options_.threads, [&](int64_t at) {
                         Status status = work(at);
                         // Others wait for this worker's turn to end.
                         if (!status.ok()) context_.cancellation->Cancel(status);
                         return status;
                       });
}

Result<Batch> SortingSink::NextBatch(RecordCursor* sorted, int64_t* sequence) {
  std::unique_ptr<arrow::ResizableBuffer> bytes;
  RowSpan span;
  {
    std::lock_guard lock(merge_mutex_);
    if (sorted->at_end()) return Batch{};
    *sequence = next_sequence_++;
    ARROW_ASSIGN_OR_RAISE(bytes,
                          arrow::AllocateResizableBuffer(memory_.batch_bytes, context_.pool));
    while (!sorted->at_end() && span.rows < kBatchRowsMax) {
      const uint8_t* row = sorted->record().row;
      const int64_t row_bytes = EncodedRowBytes(row);
      if (span.bytes + row_bytes > bytes->size()) {
        if (span.rows > 0) break;
        ARROW_RETURN_NOT_OK(bytes->Resize(row_bytes));
      }
      std::memcpy(bytes->mutable_data() + span.bytes, row, static_cast<size_t>(row_bytes));
      span.bytes += row_bytes;
      ++span.rows;
      ARROW_RETURN_NOT_OK(sorted->Advance());
    }
  }
  span.data = bytes->data();
  ARROW_ASSIGN_OR_RAISE(auto columns, DecodeRows(*layout_, {&span, 1}, context_.pool));
  return Batch{std::move(columns)};
}

}  // namespace headrace
