// PartitionedFinish: encodes what a partitioned sink still holds and what it spilled.
#pragma once

#include <functional>
#include <vector>

#include "sink/partition_router.h"
#include "sink/partition_table.h"
#include "sink/partition_work.h"
#include "sink/side_by_side.h"
#include "sink/sink_memory.h"

namespace headrace {

struct PartitionedFinishOptions {
  PartitionTable* table = nullptr;
  PartitionRouter* router = nullptr;  // of the first pass
  PartitionWork* work = nullptr;
  FileSet* files = nullptr;
  const PartitionColumns* columns = nullptr;
  RowLayouts layouts;
  arrow::MemoryPool* pool = nullptr;
  SideBySideOptions side_by_side;
  SinkMemory memory;
  // As the sink's own.
  std::function<int64_t(int64_t planned, int64_t least)> allowed_now;
  // Of the files' directory bytes so many are no longer part of `memory`; what comes to them is
  // borne by so many passes side by side.
  int64_t directory_bytes_counted = 0;
  int bearers = 1;
};

// Role: the end of the first pass and all later ones. Partitions that were never spilled end first,
// which frees their memory; then buckets are read back, each by one worker with its share of the
// bytes for held rows, and routed again (partition_router.h). Partitions of different buckets share
// nothing, so workers never wait for each other. At last come the rows whose keys the table did not
// take: each of their buckets gets a table of its own, is routed and finished like the whole input.
// Owner: one call of Sink::Finish. Threads: Run from
// one; it starts threads of its own. Errors: the first one met.
class PartitionedFinish {
 public:
  explicit PartitionedFinish(PartitionedFinishOptions options) : options_(std::move(options)) {}

  // `run_emitted` does the work that the first pass's router emits from now on.
  Status Run(const std::function<Status()>& run_emitted);

 private:
  // A bucket of a pass: the spilled partitions in it and their rows.
  struct SpilledBucket {
    std::vector<Partition*> partitions;
    FrameIndex frames;
    // Rows behind the frames; only of a bucket of one partition, when there is room for them.
    RowChunks rest;
    uint32_t rest_id = 0;  // of that partition
    int64_t bytes() const { return rest.block_bytes() + frames.bytes(); }
  };

  Status FinishUnspilled();
  // The spilled buckets of `router`, whose pass has ended, with at most so many bytes of rows left
  // in memory.
  Result<std::vector<SpilledBucket>> CollectBuckets(PartitionRouter* router, int64_t rest_bytes_max,
                                                    const std::function<Status()>& run_emitted);
  Status RoutePass(SpilledBucket bucket, int32_t level, int64_t held_bytes);
  // `use` gets the rows in order, in runs of one partition; they are gone then.
  Status ReadBack(SpilledBucket bucket, const std::function<Status(const FramePart&)>& use);
  Status RunBuckets(std::vector<SpilledBucket> buckets, int64_t held_bytes);
  Status RunDeferred(std::vector<SpilledBucket> buckets);
  Status DeferredPass(SpilledBucket bucket, int64_t held_bytes, int side_by_side);
  RouterOptions PassOptions(int64_t held_bytes) const;
  Status FinishPartition(Partition* partition);

  const PartitionedFinishOptions options_;
};

}  // namespace headrace
