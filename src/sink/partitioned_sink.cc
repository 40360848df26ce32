#include "sink/partitioned_sink.h"

#include <algorithm>

#include "sink/empty_result.h"
#include "sink/out_of_memory.h"
#include "sink/partition_path.h"
#include "sink/partitioned_finish.h"
#include "sink/stored_columns.h"
#include "sink/take_in_turn.h"

namespace headrace {
namespace {

// In the spill, rows of this many bytes per bucket make frames worth their seek.
constexpr int64_t kBucketBytes = int64_t{96} << 10;

std::function<int64_t(int64_t, int64_t)> AllowedIn(const SinkContext& context) {
  return [context](int64_t planned, int64_t least) { return AllowedNow(context, planned, least); };
}

ColumnHoldOptions MakeHoldOptions(const SinkOptions& options, const SinkContext& context,
                                  const SinkMemory& memory, const PartitionColumns& columns) {
  ColumnHoldOptions hold;
  hold.schema = columns.stored;
  hold.rows_max = RowGroupRows(options);
  hold.bytes_max = [context, most = memory.row_group_bytes] {
    return AllowedNow(context, most, kRowGroupBytesMin);
  };
  hold.pool = context.pool;
  return hold;
}

RouterOptions MakeRouterOptions(const SinkOptions& options, const SinkContext& context,
                                const SinkMemory& memory) {
  RouterOptions router;
  // One row group per worker and one more may be on their way out.
  router.held_bytes_max = memory.held_bytes - (options.threads + 1) * memory.row_group_bytes;
  router.buckets =
      static_cast<int32_t>(std::clamp<int64_t>(router.held_bytes_max / kBucketBytes, 16, 256));
  router.deferred_buckets = router.buckets;
  router.row_group_bytes = memory.row_group_bytes;
  router.row_group_rows = RowGroupRows(options);
  router.frame_bytes = memory.frame_bytes;
  router.pool = context.pool;
  router.allowed_now = AllowedIn(context);
  return router;
}

RouterOptions CountingTable(RouterOptions options, const PartitionTable* table) {
  options.other_bytes = [table] { return table->bytes(); };
  return options;
}

}  // namespace

Result<std::unique_ptr<Sink>> PartitionedSink::Make(SinkOptions options, SinkContext context,
                                                    SinkMemory memory, PartitionColumns columns,
                                                    std::shared_ptr<const OutputForm> form) {
  RowLayouts layouts;
  ARROW_ASSIGN_OR_RAISE(layouts.stored, RowLayout::Make(form->schema()));
  ARROW_ASSIGN_OR_RAISE(layouts.whole, RowLayout::Make(columns.all));
  try {
    return std::unique_ptr<Sink>(new PartitionedSink(std::move(options), context, memory,
                                                     std::move(columns), std::move(form),
                                                     std::move(layouts)));
  } catch (const std::bad_alloc&) {
    return OutOfSinkMemory("the partition table");
  }
}

PartitionedSink::PartitionedSink(SinkOptions options, SinkContext context, SinkMemory memory,
                                 PartitionColumns columns, std::shared_ptr<const OutputForm> form,
                                 RowLayouts layouts)
    : options_(std::move(options)),
      context_(context),
      memory_(memory),
      columns_(std::move(columns)),
      form_(std::move(form)),
      layouts_(std::move(layouts)),
      table_(columns_.keys, TableOptionsFor(MakeRouterOptions(options_, context_, memory_)),
             context_.pool),
      scatter_(&columns_, layouts_, &table_, context_.pool),
      encoders_(form_, context_.pool),
      files_(MakeFileSetOptions(options_, context_, memory_.metadata_bytes, form_)),
      work_({layouts_.stored, &encoders_, &files_, context_.spill, context_.pool,
             memory_.frame_bytes}),
      gate_(context_.cancellation),
      cut_(options_.threads, context_.cancellation,
           [this](RouterWork work) { return work_.Run(std::move(work), &router_); }),
      hold_(MakeHoldOptions(options_, context_, memory_, columns_)),
      router_(CountingTable(MakeRouterOptions(options_, context_, memory_), &table_),
              [this](RouterWork work) { return cut_.Add(std::move(work)); }) {}

Status PartitionedSink::Consume(int64_t sequence, Batch batch) {
  if (batch.rows() == 0) return Status::OK();
  return TakeInTurn(
      SliceByBytes(batch.columns, memory_.slice_bytes), &gate_, sequence,
      [this](const auto& slice) { return MakeReady(slice); },
      [this](ReadyRows ready) { return TakeIn(std::move(ready)); });
}

Result<PartitionedSink::ReadyRows> PartitionedSink::MakeReady(
    const std::shared_ptr<arrow::RecordBatch>& slice) const {
  ARROW_ASSIGN_OR_RAISE(GroupedRows grouped, scatter_.Group(slice));
  if (hold_.is_open() && grouped.whole == nullptr) {
    ARROW_RETURN_NOT_OK(scatter_.PutInOrder(&grouped));
    return ReadyRows{std::move(grouped), std::nullopt};
  }
  ARROW_ASSIGN_OR_RAISE(ScatteredRows rows, scatter_.Encode(grouped));
  grouped.columns.reset();
  grouped.whole.reset();
  return ReadyRows{std::move(grouped), std::move(rows)};
}

Status PartitionedSink::TakeIn(ReadyRows ready) {
  if (!ready.rows) {
    ARROW_ASSIGN_OR_RAISE(const bool held, hold_.Take(&ready.grouped));
    if (held) return Status::OK();
  }
  ARROW_RETURN_NOT_OK(CloseHold());
  if (!ready.rows) {
    ARROW_ASSIGN_OR_RAISE(ready.rows, scatter_.Encode(ready.grouped));
  }
  return Route(ready.grouped, *ready.rows);
}

Status PartitionedSink::CloseHold() {
  if (!hold_.is_open()) return Status::OK();
  return hold_.HandOver([this](const GroupedRows& grouped) -> Status {
    ARROW_ASSIGN_OR_RAISE(const ScatteredRows rows, scatter_.Encode(grouped));
    return Route(grouped, rows);
  });
}

Status PartitionedSink::Route(const GroupedRows& grouped, const ScatteredRows& rows) {
  rows_ += rows.rows.rows + rows.deferred.rows;
  return router_.Route(grouped, rows);
}

Status PartitionedSink::EndMorsel(int64_t sequence) { return cut_.EndTurn(&gate_, sequence); }

Result<SinkSummary> PartitionedSink::Finish() {
  if (hold_.is_open()) {
    rows_ += hold_.rows();
    ARROW_RETURN_NOT_OK(hold_.WriteAll(&encoders_, &files_, side_by_side()));
  } else {
    ARROW_RETURN_NOT_OK(FinishRows());
  }
  if (rows_ == 0) ARROW_RETURN_NOT_OK(WriteEmptyFile());
  return Summary();
}

Status PartitionedSink::FinishRows() {
  // A few times the average, since partitions differ.
  const int64_t useful_row_group_bytes = 4 * router_.spilled_row_bytes_per_partition();
  const SinkMemory memory =
      DivideForFinish(options_, columns_.stored->num_fields(), context_.sink_bytes - table_.bytes(),
                      useful_row_group_bytes, memory_);
  PartitionedFinish finish({&table_, &router_, &work_, &files_, &columns_, layouts_, context_.pool,
                            side_by_side(), memory, AllowedIn(context_)});
  return finish.Run([this] { return cut_.RunAll(); });
}

Status PartitionedSink::WriteEmptyFile() {
  ARROW_ASSIGN_OR_RAISE(const bool needed, NeedsEmptyFile(*context_.transaction, context_.env));
  if (!needed) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(std::string directory, EmptyResultDirectory(*columns_.keys, context_.pool));
  FileSeries series(std::move(directory));
  return files_.WriteEmptyFile(&series);
}

SinkSummary PartitionedSink::Summary() {
  SinkSummary summary{files_.written()};
  HEADRACE_CHECK(summary.rows == rows_);
  summary.spilled_bytes = context_.spill->written_bytes();
  summary.directories = files_.directories();
  std::sort(summary.directories.begin(), summary.directories.end());
  summary.partitions = rows_ == 0 ? 0 : files_.directory_count();
  return summary;
}

}  // namespace headrace
