#include "sink/stream_sink.h"

#include <algorithm>

#include "data/byte_size.h"
#include "sink/empty_result.h"
#include "sink/stored_columns.h"
#include "sink/take_in_turn.h"

namespace headrace {

StreamSink::StreamSink(SinkOptions options, SinkContext context, SinkMemory memory,
                       std::shared_ptr<const OutputForm> form)
    : options_(std::move(options)),
      context_(context),
      memory_(memory),
      row_group_rows_(RowGroupRows(options_)),
      form_(std::move(form)),
      gate_(context_.cancellation),
      encoders_(form_, context_.pool),
      files_(MakeFileSetOptions(options_, context_, memory_.metadata_bytes, form_)),
      cut_(options_.threads, context_.cancellation,
           [this](CutRowGroup row_group) { return EncodeAndWrite(std::move(row_group)); }) {}

Status StreamSink::Consume(int64_t sequence, Batch batch) {
  if (batch.rows() == 0) return Status::OK();
  auto slices = SliceByBytes(batch.columns, memory_.slice_bytes);
  batch.columns.reset();
  return TakeInTurn(
      std::move(slices), &gate_, sequence, [this](auto slice) { return Store(std::move(slice)); },
      [this](StoredSlice slice) { return Gather(std::move(slice)); });
}

Result<StreamSink::StoredSlice> StreamSink::Store(std::shared_ptr<arrow::RecordBatch> slice) const {
  // What is clearly larger than a row group becomes one of its own, and that goes out before the
  // batch is given back: a copy would only double it.
  const bool alone = ReferencedBytes(*slice) > 2 * memory_.row_group_bytes;
  ARROW_ASSIGN_OR_RAISE(auto rows, alone ? ConvertToStored(slice, form_->schema(), context_.pool)
                                         : CopyToStored(slice, form_->schema(), context_.pool));
  const int64_t bytes = std::max<int64_t>(1, ReferencedBytes(*rows));
  return StoredSlice{std::move(rows), bytes, alone};
}

Status StreamSink::Gather(StoredSlice slice) {
  const int64_t bytes = slice.bytes;
  const int64_t slice_rows = slice.rows->num_rows();
  rows_ += slice_rows;
  const int64_t row_group_bytes = AllowedNow(context_, memory_.row_group_bytes, kRowGroupBytesMin);
  if (filling_rows_ > 0 && filling_bytes_ + bytes > row_group_bytes) {
    ARROW_RETURN_NOT_OK(Cut());
  }
  // What was cut in this morsel goes before more than the rest of its slice is gathered beside it.
  while (!cut_.empty() && filling_bytes_ + bytes > memory_.slice_bytes) {
    ARROW_RETURN_NOT_OK(cut_.RunOldest());
  }
  int64_t begin = 0;
  while (begin < slice_rows) {
    const int64_t rows = std::min(slice_rows - begin, row_group_rows_ - filling_rows_);
    filling_.push_back(rows == slice_rows ? std::move(slice.rows) : slice.rows->Slice(begin, rows));
    filling_rows_ += rows;
    filling_bytes_ += bytes * rows / slice_rows;
    begin += rows;
    if (filling_rows_ == row_group_rows_) ARROW_RETURN_NOT_OK(Cut());
  }
  if (!slice.alone) return Status::OK();
  if (filling_rows_ > 0) ARROW_RETURN_NOT_OK(Cut());
  return cut_.RunAll();
}

Status StreamSink::Cut() {
  ARROW_RETURN_NOT_OK(cut_.Add({next_order_++, std::move(filling_)}));
  filling_.clear();
  filling_rows_ = 0;
  filling_bytes_ = 0;
  return Status::OK();
}

Status StreamSink::EndMorsel(int64_t sequence) { return cut_.EndTurn(&gate_, sequence); }

Status StreamSink::EncodeAndWrite(CutRowGroup row_group) {
  return encoders_.Encode(std::move(row_group.batches),
                          [&](std::unique_ptr<EncodedChunk> chunk, ChunkEnd end) {
                            return files_.Append(&series_, row_group.order, std::move(chunk), end);
                          });
}

Result<SinkSummary> StreamSink::Finish() {
  if (filling_rows_ > 0) {
    ARROW_RETURN_NOT_OK(Cut());
    ARROW_RETURN_NOT_OK(cut_.RunAll());
  }
  ARROW_RETURN_NOT_OK(files_.FinishAll());
  ARROW_ASSIGN_OR_RAISE(const bool needs_empty_file,
                        NeedsEmptyFile(*context_.transaction, context_.env));
  if (rows_ == 0 && needs_empty_file) ARROW_RETURN_NOT_OK(files_.WriteEmptyFile(&series_));
  SinkSummary summary{files_.written()};
  HEADRACE_CHECK(summary.rows == rows_);
  if (context_.transaction->options().kind == TargetKind::kDataset) summary.directories = {""};
  return summary;
}

}  // namespace headrace
