// PartitionRouter: holds rows per partition within its bytes, and decides what leaves: row groups
// or spilled frames.
//
// Invariants
//  1. Rows of one partition leave in their order: once a partition's rows were spilled in a pass,
//  all its later rows of
//     that pass go the same way, behind them.
//  2. Spilled frames belong to buckets, chosen by partition id; rows of few partitions share a
//  bucket. A later pass takes
//     one bucket at a time, routes it again with the bytes it has and other digits of the id, until
//     a bucket is one partition, which is read straight through. So frames stay large however many
//     partitions there are.
//  3. Clustered input leaves partitions behind that get no more rows; those are cut, not spilled.
//  When they do get
//     more after all, the router stops believing in clusters.
//  4. Deferred rows, whose keys have no partition in this pass (partition_table.h), only leave as
//  frames, in buckets of their own.
//  5. The router only decides and detaches; encoding and writing is the work that it hands out.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/stl_allocator.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "sink/frame_index.h"
#include "sink/partition_table.h"
#include "sink/row_chunks.h"
#include "sink/row_scatter.h"
#include "spill/spill_area.h"

namespace headrace {

struct RowGroupWork {
  FileSeries* series = nullptr;
  int64_t order = 0;
  RowChunks rows;
};

// What stands in a frame before the rows, once per part; the count of parts comes first.
struct SpillPartHeader {
  uint32_t partition_id = 0;
  uint32_t rows = 0;
  uint32_t bytes = 0;
};

struct SpillItem {
  uint32_t partition_id = 0;
  RowChunks rows;
};

struct SpillFrameWork {
  int32_t bucket = 0;
  size_t place = 0;  // in the bucket's frames
  std::vector<SpillItem> items;
  int64_t used_bytes = 0;  // rows and headers
};

// One piece of work: row groups to encode in turn, or frames to write.
struct RouterWork {
  std::vector<RowGroupWork> row_groups;
  std::vector<SpillFrameWork> frames;
};

struct RouterOptions {
  int32_t level = 0;  // of the pass
  int32_t buckets = 64;
  int32_t deferred_buckets = 0;  // as the table's
  int64_t held_bytes_max = 0;    // beyond it something is detached
  int64_t row_group_bytes = 0;
  int64_t row_group_rows = 0;
  int64_t frame_bytes = 0;
  arrow::MemoryPool* pool = nullptr;
  std::function<int64_t()> other_bytes;  // counted against held_bytes_max; may be empty
  // What of planned bytes may be used now, at least `least`; empty = all of it.
  std::function<int64_t(int64_t planned, int64_t least)> allowed_now;
};

// What a table is to be like that gives a router of these options its partitions: it takes at most
// a third of what is for held rows.
PartitionTableOptions TableOptionsFor(const RouterOptions& options, int32_t depth = 0);

// Role: see above. Owner: the sink for the first pass, a finishing worker for each later one.
// Threads: one at a time; SetFrame from any thread. Errors: OutOfMemory from the pool; what `emit`
// fails with.
class PartitionRouter {
 public:
  // `emit` takes over each piece of work, in order.
  using Emit = std::function<Status(RouterWork)>;
  PartitionRouter(RouterOptions options, Emit emit);

  Status Route(const GroupedRows& grouped, const ScatteredRows& rows);
  // Adds rows [begin, end) to the partition. May emit.
  Status Route(Partition* partition, const EncodedRows& rows, int64_t begin, int64_t end);
  Status Route(Partition* partition, const RowSpan& rows);

  // Ends the pass for a partition that was not spilled: what is left of it as its last row group,
  // or no work. From any thread, for different partitions, once nothing is routed any more.
  RouterWork DetachRest(Partition* partition);
  // Emits all rows still held of these spilled partitions of one bucket, as frames.
  Status SpillRestOf(const std::vector<Partition*>& partitions);
  // Takes over the rows still held of a spilled partition; they come behind its frames.
  RowChunks TakeRest(Partition* partition);

  bool is_spilled(const Partition& partition) const {
    return partition.spilled_level >= options_.level;
  }
  // Bytes of rows spilled so far per partition that has some; 0 when none has.
  int64_t spilled_row_bytes_per_partition() const;
  // Partitions that rows were routed to in this pass.
  const std::vector<Partition*>& members() const { return members_; }
  int32_t buckets() const { return options_.buckets; }
  int64_t row_group_rows() const { return options_.row_group_rows; }
  int32_t bucket_of(const Partition& partition) const;
  // Hands over the frames of a bucket, which are complete once all emitted work is done. Allocates
  // nothing, as a copy would, whose allocator throws.
  FrameIndex TakeFrames(int32_t bucket) { return std::move(frames_[static_cast<size_t>(bucket)]); }
  void SetFrame(int32_t bucket, size_t place, const SpillFrame& frame);
  // Entries of the bucket's index that are to be written as a frame of their own, if any; and where
  // they are then.
  std::optional<std::vector<SpillFrame>> TakeIndexBlock(int32_t bucket);
  Status PutIndexBlock(int32_t bucket, const SpillFrame& block);

 private:
  struct Bucket {
    int64_t block_bytes = 0;
    std::vector<Partition*> partitions;
  };
  void Touch(Partition* partition);
  Status AfterGrowth(Partition* partition, int64_t grown_bytes);
  Status MakeRoom();
  int64_t AllowedNow(int64_t planned, int64_t least) const;
  Status Cut(Partition* partition);
  bool is_worth_a_row_group(const Partition& partition) const;
  // Cuts partitions that seem to be complete, the coldest first; false when there is none.
  Result<bool> CutCold();
  bool is_cold(const Partition& partition) const;
  void Detach(Partition* partition, RouterWork* work);
  // Detaches the held rows of the fullest buckets, `bytes` of them or all there is; partitions
  // worth a row group stay.
  Status SpillFullest(int64_t bytes);
  Status DetachBucket(const Bucket& detached, RouterWork* work);

  const RouterOptions options_;
  const Emit emit_;
  const int64_t worth_bytes_;
  std::vector<Partition*> members_;
  std::atomic<int64_t> held_bytes_{0};
  int64_t routed_bytes_ = 0;
  int64_t spilled_row_bytes_ = 0;
  int64_t cold_cuts_ = 0;
  int64_t cold_returns_ = 0;  // of them, those that got rows again
  std::atomic<int64_t> frame_index_bytes_{0};
  std::mutex frames_mutex_;
  std::vector<FrameIndex> frames_;  // by bucket
};

}  // namespace headrace
