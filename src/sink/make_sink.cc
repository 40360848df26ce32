#include "data/row_layout.h"
#include "sink/make_form.h"
#include "sink/partition_keys.h"
#include "sink/partitioned_sink.h"
#include "sink/sink.h"
#include "sink/sink_memory.h"
#include "sink/sort/sorting_sink.h"
#include "sink/stream_sink.h"

namespace headrace {
namespace {

// What MakeSink would refuse, while nothing has been opened yet.
Status CheckColumns(const SinkOptions& options, const PartitionColumns& columns) {
  ARROW_RETURN_NOT_OK(CheckFormColumns(options, *columns.stored));
  if (options.partition_by.empty()) return Status::OK();
  return RowLayout::Make(columns.stored).status();
}

}  // namespace

Result<StageNeeds> SinkNeeds(const SinkOptions& options) {
  if (!options.sort_within.empty()) return SortingSink::Needs(options);
  ARROW_ASSIGN_OR_RAISE(const PartitionColumns columns, SplitPartitionColumns(options));
  ARROW_RETURN_NOT_OK(CheckColumns(options, columns));
  const int count = columns.stored->num_fields();
  const SinkMemory floor = SmallestMemory(options, count, kRowGroupBytesMin);
  const SinkMemory wanted = SmallestMemory(options, count, WantedRowGroupBytes(options));
  StageNeeds needs;
  needs.name = "sink";
  // What a partitioned sink holds grows with its workers, so that part belongs to them.
  SinkOptions one = options;
  one.threads = 0;
  const int64_t floor_alone = FixedBytes(SmallestMemory(one, count, kRowGroupBytesMin));
  needs.fixed_floor_bytes = floor_alone;
  one.threads = 1;
  const int64_t floor_first = FixedBytes(SmallestMemory(one, count, kRowGroupBytesMin));
  needs.worker_floor_bytes = floor_first - floor_alone + WorkerBytes(options, floor, count);
  needs.fixed_wanted_bytes = FixedBytes(wanted);
  needs.worker_wanted_bytes = WorkerBytes(options, wanted, count);
  // Rows held per partition make spilling unnecessary; there is no amount beyond which more would
  // not help.
  if (!options.partition_by.empty()) needs.fixed_wanted_bytes += int64_t{1} << 30;
  return needs;
}

Result<std::unique_ptr<Sink>> MakeSink(SinkOptions options, SinkContext context) {
  if (!options.sort_within.empty()) return SortingSink::Make(std::move(options), context);
  ARROW_ASSIGN_OR_RAISE(PartitionColumns columns, SplitPartitionColumns(options));
  const SinkMemory memory = DivideMemory(options, columns.stored->num_fields(), context.sink_bytes);
  ARROW_ASSIGN_OR_RAISE(auto form, MakeForm(options, memory, columns.stored, context.pool));
  if (options.partition_by.empty()) {
    return std::make_unique<StreamSink>(std::move(options), context, memory, std::move(form));
  }
  return PartitionedSink::Make(std::move(options), context, memory, std::move(columns),
                               std::move(form));
}

}  // namespace headrace
