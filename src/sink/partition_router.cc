#include "sink/partition_router.h"

#include <algorithm>

#include "base/units.h"
#include "sink/out_of_memory.h"
#include "sink/sink_memory.h"

namespace headrace {
namespace {

constexpr int64_t kWorthBytes = 2 * kMiB;
// A cold partition with fewer rows is not worth the row group's header.
constexpr int64_t kColdRows = 1000;
// Returns that prove nothing yet.
constexpr int64_t kColdReturnsForgiven = 16;

}  // namespace

PartitionTableOptions TableOptionsFor(const RouterOptions& options, int32_t depth) {
  PartitionTableOptions table;
  table.bytes_max = options.held_bytes_max / 3;
  table.deferred_buckets = options.deferred_buckets;
  table.depth = depth;
  return table;
}

PartitionRouter::PartitionRouter(RouterOptions options, Emit emit)
    : options_(std::move(options)),
      emit_(std::move(emit)),
      worth_bytes_(std::min(options_.row_group_bytes / 2, kWorthBytes)) {
  const int32_t buckets = options_.buckets + options_.deferred_buckets;
  frames_.reserve(static_cast<size_t>(buckets));
  for (int32_t i = 0; i < buckets; ++i) frames_.emplace_back(options_.pool);
}

int32_t PartitionRouter::bucket_of(const Partition& partition) const {
  if (partition.is_deferred()) return options_.buckets + partition.deferred_bucket;
  int64_t digits = partition.id;
  for (int32_t level = 0; level < options_.level; ++level) digits /= options_.buckets;
  return static_cast<int32_t>(digits % options_.buckets);
}

bool PartitionRouter::is_worth_a_row_group(const Partition& partition) const {
  return !is_spilled(partition) && (partition.rows.used_bytes() >= worth_bytes_ ||
                                    partition.rows.rows() >= options_.row_group_rows / 2);
}

void PartitionRouter::Touch(Partition* partition) {
  // Levels count from 0, and 0 is what a new partition has seen; hence the 1.
  if (partition->seen_level <= options_.level) {
    partition->seen_level = options_.level + 1;
    members_.push_back(partition);
  }
  if (partition->is_cut_cold) ++cold_returns_;
  partition->is_cut_cold = false;
  partition->touched_at = routed_bytes_;
}

Status PartitionRouter::Route(const GroupedRows& grouped, const ScatteredRows& rows) {
  for (const PartitionRun& run : grouped.runs) {
    if (run.partition->is_deferred()) {
      ARROW_RETURN_NOT_OK(Route(run.partition, rows.deferred, run.begin - grouped.deferred_begin,
                                run.end - grouped.deferred_begin));
    } else {
      ARROW_RETURN_NOT_OK(Route(run.partition, rows.rows, run.begin, run.end));
    }
  }
  return Status::OK();
}

Status PartitionRouter::Route(Partition* partition, const EncodedRows& rows, int64_t begin,
                              int64_t end) {
  Touch(partition);
  while (begin < end) {
    // Up to the row that fills the row group; a spilled partition has no row group to fill yet.
    int64_t stop = end;
    if (!is_spilled(*partition)) {
      stop = std::min(end, begin + options_.row_group_rows - partition->rows.rows());
    }
    const int64_t before = partition->rows.block_bytes();
    ARROW_RETURN_NOT_OK(partition->rows.Append(rows, begin, stop));
    ARROW_RETURN_NOT_OK(AfterGrowth(partition, partition->rows.block_bytes() - before));
    begin = stop;
  }
  return Status::OK();
}

Status PartitionRouter::Route(Partition* partition, const RowSpan& rows) {
  Touch(partition);
  RowSpan rest = rows;
  while (rest.rows > 0) {
    RowSpan part = rest;
    if (!is_spilled(*partition)) {
      part.rows = std::min(rest.rows, options_.row_group_rows - partition->rows.rows());
    }
    if (part.rows < rest.rows) {
      part.bytes = 0;
      for (int64_t i = 0; i < part.rows; ++i) part.bytes += EncodedRowBytes(rest.data + part.bytes);
    }
    const int64_t before = partition->rows.block_bytes();
    ARROW_RETURN_NOT_OK(partition->rows.Append(part));
    ARROW_RETURN_NOT_OK(AfterGrowth(partition, partition->rows.block_bytes() - before));
    rest = {rest.data + part.bytes, rest.bytes - part.bytes, rest.rows - part.rows};
  }
  return Status::OK();
}

int64_t PartitionRouter::AllowedNow(int64_t planned, int64_t least) const {
  return options_.allowed_now ? options_.allowed_now(planned, least) : planned;
}

Status PartitionRouter::AfterGrowth(Partition* partition, int64_t grown_bytes) {
  held_bytes_ += grown_bytes;
  routed_bytes_ += grown_bytes;
  if (!is_spilled(*partition) &&
      (partition->rows.rows() >= options_.row_group_rows ||
       partition->rows.used_bytes() >= AllowedNow(options_.row_group_bytes, kRowGroupBytesMin))) {
    ARROW_RETURN_NOT_OK(Cut(partition));
  }
  return grown_bytes > 0 ? MakeRoom() : Status::OK();
}

Status PartitionRouter::Cut(Partition* partition) { return emit_(DetachRest(partition)); }

RouterWork PartitionRouter::DetachRest(Partition* partition) {
  RouterWork work;
  if (!partition->rows.empty()) Detach(partition, &work);
  return work;
}

void PartitionRouter::Detach(Partition* partition, RouterWork* work) {
  if (partition->series == nullptr) {
    partition->series = std::make_unique<FileSeries>(partition->directory);
  }
  held_bytes_ -= partition->rows.block_bytes();
  work->row_groups.push_back({partition->series.get(), partition->next_order++,
                              std::exchange(partition->rows, RowChunks(options_.pool))});
}

bool PartitionRouter::is_cold(const Partition& partition) const {
  return !is_spilled(partition) && partition.rows.rows() >= kColdRows &&
         routed_bytes_ - partition.touched_at >= options_.held_bytes_max / 4;
}

Result<bool> PartitionRouter::CutCold() {
  // More than a quarter came back: this input is no clusters, and its row groups would only get
  // small.
  if (cold_returns_ > kColdReturnsForgiven + cold_cuts_ / 4) return false;
  std::vector<Partition*> cold;
  for (Partition* partition : members_) {
    if (is_cold(*partition)) cold.push_back(partition);
  }
  std::sort(cold.begin(), cold.end(),
            [](const Partition* a, const Partition* b) { return a->touched_at < b->touched_at; });
  RouterWork work;
  int64_t bytes = 0;
  for (Partition* partition : cold) {
    if (bytes >= options_.row_group_bytes) break;
    bytes += partition->rows.block_bytes();
    partition->is_cut_cold = true;
    ++cold_cuts_;
    Detach(partition, &work);
  }
  if (work.row_groups.empty()) return false;
  ARROW_RETURN_NOT_OK(emit_(std::move(work)));
  return true;
}

RowChunks PartitionRouter::TakeRest(Partition* partition) {
  held_bytes_ -= partition->rows.block_bytes();
  RowChunks rest = std::move(partition->rows);
  partition->rows = RowChunks(options_.pool);
  return rest;
}

Status PartitionRouter::MakeRoom() {
  while (true) {
    const int64_t other_bytes =
        frame_index_bytes_ + (options_.other_bytes ? options_.other_bytes() : 0);
    if (other_bytes >= options_.held_bytes_max) {
      return MakeError(
          ErrorKind::kOutOfMemory, 714,
          "partitions and the index of the spill leave no room for rows; raise --memory or "
          "partition by fewer columns: they take {}, {} granted",
          FormatBytes(other_bytes), FormatBytes(std::max<int64_t>(0, options_.held_bytes_max)));
    }
    // Under pressure rows leave earlier; the refusal above goes by the plan alone.
    // A quarter of the room stays: smaller flushes are tiny frames, whose index would eat the room.
    const int64_t room = options_.held_bytes_max - other_bytes;
    const int64_t held_bytes_max =
        AllowedNow(options_.held_bytes_max, other_bytes + std::max(room / 4, kRowGroupBytesMin));
    if (held_bytes_ + other_bytes <= held_bytes_max || held_bytes_ == 0) {
      return Status::OK();
    }
    const auto largest = std::max_element(members_.begin(), members_.end(),
                                          [&](const Partition* a, const Partition* b) {
                                            return (is_spilled(*a) ? 0 : a->rows.used_bytes()) <
                                                   (is_spilled(*b) ? 0 : b->rows.used_bytes());
                                          });
    // Spilling the only partition of a pass would only write again what was just read.
    const bool is_only_one = members_.size() == 1 && !members_[0]->is_deferred();
    if (is_worth_a_row_group(**largest) || is_only_one) {
      ARROW_RETURN_NOT_OK(Cut(*largest));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const bool has_cut_cold, CutCold());
    if (!has_cut_cold) ARROW_RETURN_NOT_OK(SpillFullest(options_.row_group_bytes));
  }
}

int64_t PartitionRouter::spilled_row_bytes_per_partition() const {
  const int64_t spilled =
      std::count_if(members_.begin(), members_.end(),
                    [&](const Partition* one) { return is_spilled(*one) && !one->is_deferred(); });
  return spilled == 0 ? 0 : spilled_row_bytes_ / spilled;
}

void PartitionRouter::SetFrame(int32_t bucket, size_t place, const SpillFrame& frame) {
  std::lock_guard lock(frames_mutex_);
  frames_[static_cast<size_t>(bucket)].Set(place, frame);
}

std::optional<std::vector<SpillFrame>> PartitionRouter::TakeIndexBlock(int32_t bucket) {
  std::lock_guard lock(frames_mutex_);
  return frames_[static_cast<size_t>(bucket)].TakeBlock();
}

Status PartitionRouter::PutIndexBlock(int32_t bucket, const SpillFrame& block) {
  std::lock_guard lock(frames_mutex_);
  FrameIndex& frames = frames_[static_cast<size_t>(bucket)];
  frame_index_bytes_ -= frames.bytes();
  try {
    frames.PutBlock(block);
  } catch (const std::bad_alloc&) {
    return OutOfSinkMemory("the index of the spill");
  }
  frame_index_bytes_ += frames.bytes();
  return Status::OK();
}

Status PartitionRouter::SpillFullest(int64_t bytes) {
  std::vector<Bucket> buckets(frames_.size());
  for (Partition* partition : members_) {
    if (partition->rows.empty() || is_worth_a_row_group(*partition)) continue;
    Bucket& bucket = buckets[static_cast<size_t>(bucket_of(*partition))];
    bucket.block_bytes += partition->rows.block_bytes();
    bucket.partitions.push_back(partition);
  }
  std::sort(buckets.begin(), buckets.end(),
            [](const Bucket& a, const Bucket& b) { return a.block_bytes > b.block_bytes; });
  RouterWork work;
  int64_t detached = 0;
  for (const Bucket& bucket : buckets) {
    if (bucket.block_bytes == 0 || detached >= bytes) break;
    ARROW_RETURN_NOT_OK(DetachBucket(bucket, &work));
    detached += bucket.block_bytes;
  }
  return work.frames.empty() ? Status::OK() : emit_(std::move(work));
}

Status PartitionRouter::SpillRestOf(const std::vector<Partition*>& partitions) {
  Bucket bucket;
  for (Partition* partition : partitions) {
    HEADRACE_CHECK(is_spilled(*partition) && bucket_of(*partition) == bucket_of(*partitions[0]));
    if (!partition->rows.empty()) bucket.partitions.push_back(partition);
  }
  RouterWork work;
  ARROW_RETURN_NOT_OK(DetachBucket(bucket, &work));
  return work.frames.empty() ? Status::OK() : emit_(std::move(work));
}

Status PartitionRouter::DetachBucket(const Bucket& detached, RouterWork* work) {
  SpillFrameWork* frame = nullptr;
  for (Partition* partition : detached.partitions) {
    const int32_t bucket = bucket_of(*partition);
    partition->spilled_level = options_.level;
    held_bytes_ -= partition->rows.block_bytes();
    if (!partition->is_deferred()) spilled_row_bytes_ += partition->rows.used_bytes();
    while (!partition->rows.empty()) {
      if (frame == nullptr ||
          frame->used_bytes + partition->rows.front()->used_bytes > options_.frame_bytes) {
        std::lock_guard lock(frames_mutex_);
        FrameIndex& frames = frames_[static_cast<size_t>(bucket)];
        work->frames.emplace_back();
        frame = &work->frames.back();
        frame->bucket = bucket;
        frame_index_bytes_ -= frames.bytes();
        try {
          frame->place = frames.Add();
        } catch (const std::bad_alloc&) {
          return OutOfSinkMemory("the index of the spill");
        }
        frame_index_bytes_ += frames.bytes();
      }
      if (frame->items.empty() || frame->items.back().partition_id != partition->id) {
        frame->items.push_back({partition->id, RowChunks(options_.pool)});
        frame->used_bytes += static_cast<int64_t>(sizeof(SpillPartHeader));
      }
      RowChunk* chunk = partition->rows.PopFront();
      frame->used_bytes += chunk->used_bytes;
      frame->items.back().rows.PushBack(chunk);
    }
  }
  return Status::OK();
}

}  // namespace headrace
