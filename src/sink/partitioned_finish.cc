#include "sink/partitioned_finish.h"

#include <algorithm>
#include <map>

#include "sink/side_by_side.h"

namespace headrace {
namespace {

// A table of the fewest partitions, and room for rows beside it.
constexpr int64_t kLeastTableBytes = kRowGroupBytesMin + (int64_t{256} << 10);

}  // namespace

Status PartitionedFinish::FinishPartition(Partition* partition) {
  if (partition->series == nullptr) return Status::OK();
  ARROW_RETURN_NOT_OK(options_.files->Finish(partition->series.get()));
  partition->series.reset();
  return Status::OK();
}

Status PartitionedFinish::Run(const std::function<Status()>& run_emitted) {
  ARROW_RETURN_NOT_OK(FinishUnspilled());
  int64_t held_bytes = options_.memory.held_bytes;
  ARROW_ASSIGN_OR_RAISE(
      auto buckets, CollectBuckets(options_.router,
                                   held_bytes - options_.side_by_side.threads *
                                                    LeastPassBytes(options_.memory.row_group_bytes),
                                   run_emitted));
  const auto deferred = std::stable_partition(
      buckets.begin(), buckets.end(),
      [](const SpilledBucket& bucket) { return !bucket.partitions[0]->is_deferred(); });
  std::vector<SpilledBucket> later(std::make_move_iterator(deferred),
                                   std::make_move_iterator(buckets.end()));
  buckets.erase(deferred, buckets.end());
  for (const SpilledBucket& bucket : later) held_bytes -= bucket.bytes();
  ARROW_RETURN_NOT_OK(RunBuckets(std::move(buckets), held_bytes));
  return later.empty() ? Status::OK() : RunDeferred(std::move(later));
}

Status PartitionedFinish::RunBuckets(std::vector<SpilledBucket> buckets, int64_t held_bytes) {
  for (const SpilledBucket& bucket : buckets) held_bytes -= bucket.bytes();
  return RunSideBySide(options_.side_by_side, static_cast<int64_t>(buckets.size()),
                       [&](int64_t at) {
                         return RoutePass(std::move(buckets[static_cast<size_t>(at)]), 1,
                                          held_bytes / options_.side_by_side.threads);
                       });
}

Status PartitionedFinish::RunDeferred(std::vector<SpilledBucket> buckets) {
  // All partitions of the table have ended; what it took is for those that come now.
  int64_t held_bytes = options_.memory.held_bytes + options_.table->bytes();
  options_.table->Clear();
  held_bytes -=
      (options_.files->directory_bytes() - options_.directory_bytes_counted) / options_.bearers;
  for (const SpilledBucket& bucket : buckets) held_bytes -= bucket.bytes();
  SideBySideOptions side_by_side = options_.side_by_side;
  // A pass with too little to work with fails; one after the other they have enough.
  const int64_t least_bytes = LeastPassBytes(options_.memory.row_group_bytes) +
                              4 * options_.memory.frame_bytes + kLeastTableBytes;
  side_by_side.threads = static_cast<int>(
      std::clamp<int64_t>(held_bytes / least_bytes, 1, options_.side_by_side.threads));
  return RunSideBySide(side_by_side, static_cast<int64_t>(buckets.size()), [&](int64_t at) {
    return DeferredPass(std::move(buckets[static_cast<size_t>(at)]),
                        held_bytes / side_by_side.threads, side_by_side.threads);
  });
}

Status PartitionedFinish::DeferredPass(SpilledBucket bucket, int64_t held_bytes, int side_by_side) {
  // Beside held rows: a frame's rows as columns, and as rows again.
  RouterOptions options = PassOptions(held_bytes - 4 * options_.memory.frame_bytes);
  const PartitionTableOptions& closed = options_.table->options();
  options.deferred_buckets = closed.deferred_buckets;
  PartitionTable table(options_.columns->keys, TableOptionsFor(options, closed.depth + 1),
                       options_.pool);
  const int64_t kept_before = options_.files->directory_bytes();
  const int bearers = options_.bearers * side_by_side;
  options.other_bytes = [&table, kept_before, bearers, this] {
    const int64_t kept = options_.files->directory_bytes() - kept_before;
    return table.bytes() + kept / bearers;
  };
  PartitionRouter router(
      options, [&](RouterWork work) { return options_.work->Run(std::move(work), &router); });
  const RowScatter scatter(options_.columns, options_.layouts, &table, options_.pool);
  ARROW_RETURN_NOT_OK(ReadBack(std::move(bucket), [&](const FramePart& part) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto batch,
                          DecodeRows(*options_.layouts.whole, {&part.rows, 1}, options_.pool));
    ARROW_ASSIGN_OR_RAISE(const GroupedRows grouped, scatter.Group(batch));
    ARROW_ASSIGN_OR_RAISE(const ScatteredRows rows, scatter.Encode(grouped));
    return router.Route(grouped, rows);
  }));
  PartitionedFinishOptions rest = options_;
  rest.table = &table;
  rest.router = &router;
  rest.side_by_side.threads = 1;
  rest.memory.held_bytes = held_bytes - table.bytes();
  rest.directory_bytes_counted = kept_before;
  rest.bearers = bearers;
  return PartitionedFinish(std::move(rest)).Run([] { return Status::OK(); });
}

Status PartitionedFinish::ReadBack(SpilledBucket bucket,
                                   const std::function<Status(const FramePart&)>& use) {
  ARROW_RETURN_NOT_OK(options_.work->ReadFrames(bucket.frames, use));
  while (!bucket.rest.empty()) {
    RowChunk* chunk = bucket.rest.PopFront();
    const Status used = use({bucket.rest_id, chunk->span()});
    RowChunks::FreeChunk(chunk, options_.pool);
    ARROW_RETURN_NOT_OK(used);
  }
  return Status::OK();
}

RouterOptions PartitionedFinish::PassOptions(int64_t held_bytes) const {
  RouterOptions options;
  options.buckets = options_.router->buckets();
  // One row group is on its way out while the next is gathered.
  options.held_bytes_max = held_bytes - options_.memory.row_group_bytes;
  options.row_group_bytes = options_.memory.row_group_bytes;
  options.row_group_rows = options_.router->row_group_rows();
  options.frame_bytes = options_.memory.frame_bytes;
  options.pool = options_.pool;
  options.allowed_now = options_.allowed_now;
  return options;
}

Status PartitionedFinish::FinishUnspilled() {
  std::vector<Partition*> partitions;
  for (Partition* partition : options_.router->members()) {
    if (!options_.router->is_spilled(*partition)) partitions.push_back(partition);
  }
  return RunSideBySide(
      options_.side_by_side, static_cast<int64_t>(partitions.size()), [&](int64_t at) {
        Partition* partition = partitions[static_cast<size_t>(at)];
        ARROW_RETURN_NOT_OK(
            options_.work->Run(options_.router->DetachRest(partition), options_.router));
        return FinishPartition(partition);
      });
}

Result<std::vector<PartitionedFinish::SpilledBucket>> PartitionedFinish::CollectBuckets(
    PartitionRouter* router, int64_t rest_bytes_max, const std::function<Status()>& run_emitted) {
  std::map<int32_t, std::vector<Partition*>> partitions;
  for (Partition* partition : router->members()) {
    if (router->is_spilled(*partition))
      partitions[router->bucket_of(*partition)].push_back(partition);
  }
  std::vector<SpilledBucket> buckets;
  for (auto& [number, members] : partitions) {
    RowChunks rest(options_.pool);
    if (members.size() == 1 && members[0]->rows.block_bytes() <= rest_bytes_max) {
      rest = router->TakeRest(members[0]);
      rest_bytes_max -= rest.block_bytes();
    } else {
      ARROW_RETURN_NOT_OK(router->SpillRestOf(members));
      ARROW_RETURN_NOT_OK(run_emitted());
    }
    const uint32_t first_id = members[0]->id;
    buckets.push_back({std::move(members), router->TakeFrames(number), std::move(rest), first_id});
  }
  return buckets;
}

Status PartitionedFinish::RoutePass(SpilledBucket bucket, int32_t level, int64_t held_bytes) {
  RouterOptions options = PassOptions(held_bytes);
  options.level = level;
  PartitionRouter router(
      options, [&](RouterWork work) { return options_.work->Run(std::move(work), &router); });
  ARROW_RETURN_NOT_OK(ReadBack(std::move(bucket), [&](const FramePart& part) {
    return router.Route(options_.table->at(part.partition_id), part.rows);
  }));
  for (Partition* partition : router.members()) {
    if (router.is_spilled(*partition)) continue;
    ARROW_RETURN_NOT_OK(options_.work->Run(router.DetachRest(partition), &router));
    ARROW_RETURN_NOT_OK(FinishPartition(partition));
  }
  ARROW_ASSIGN_OR_RAISE(
      auto deeper,
      CollectBuckets(&router, held_bytes - LeastPassBytes(options_.memory.row_group_bytes),
                     [] { return Status::OK(); }));
  for (const SpilledBucket& next : deeper) held_bytes -= next.rest.block_bytes();
  for (SpilledBucket& next : deeper) {
    ARROW_RETURN_NOT_OK(RoutePass(std::move(next), level + 1, held_bytes));
  }
  return Status::OK();
}

}  // namespace headrace
