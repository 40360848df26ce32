#include "sink/partitioned_finish.h"

#include <algorithm>
#include <map>

#include "sink/side_by_side.h"

namespace headrace {

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
  for (const SpilledBucket& bucket : buckets) {
    held_bytes -= bucket.rest.block_bytes() + bucket.frames.bytes();
  }
  return RunSideBySide(options_.side_by_side, static_cast<int64_t>(buckets.size()),
                       [&](int64_t at) {
                         return RoutePass(std::move(buckets[static_cast<size_t>(at)]), 1,
                                          held_bytes / options_.side_by_side.threads);
                       });
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
    buckets.push_back({std::move(members), router->TakeFrames(number), std::move(rest)});
  }
  return buckets;
}

Status PartitionedFinish::RoutePass(SpilledBucket bucket, int32_t level, int64_t held_bytes) {
  RouterOptions options;
  options.level = level;
  options.buckets = options_.router->buckets();
  // One row group is on its way out while the next is gathered.
  options.held_bytes_max = held_bytes - options_.memory.row_group_bytes;
  options.row_group_bytes = options_.memory.row_group_bytes;
  options.row_group_rows = options_.router->row_group_rows();
  options.frame_bytes = options_.memory.frame_bytes;
  options.pool = options_.pool;
  options.allowed_now = options_.allowed_now;
  PartitionRouter router(
      options, [&](RouterWork work) { return options_.work->Run(std::move(work), &router); });
  ARROW_RETURN_NOT_OK(options_.work->ReadFrames(bucket.frames, [&](const FramePart& part) {
    return router.Route(options_.table->at(part.partition_id), part.rows);
  }));
  while (!bucket.rest.empty()) {
    RowChunk* chunk = bucket.rest.PopFront();
    const Status routed = router.Route(bucket.partitions[0], chunk->span());
    RowChunks::FreeChunk(chunk, options_.pool);
    ARROW_RETURN_NOT_OK(routed);
  }
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
