// PartitionTable: partition keys to partitions.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/stl_allocator.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "data/row_codec.h"
#include "sink/file_set.h"
#include "sink/row_chunks.h"

namespace headrace {

// One directory of the dataset. `directory` and `id` are constant; the rest belongs to whoever
// routes rows: the worker inside the gate, and at the end the one worker that has the partition's
// share of the spill.
struct Partition {
  Partition(uint32_t partition_id, std::string text, arrow::MemoryPool* pool)
      : id(partition_id), directory(std::move(text)), rows(pool) {}

  const uint32_t id;
  const std::string directory;
  RowChunks rows;                      // held, not yet cut
  std::unique_ptr<FileSeries> series;  // made with the first row group
  int64_t next_order = 0;              // of row groups
  int32_t spilled_level = -1;          // the deepest pass whose spill has rows of this partition
  int32_t seen_level = 0;              // the deepest pass that routed rows to it
  bool is_cut_cold = false;      // its last row group was cut because no more rows were expected
  int32_t deferred_bucket = -1;  // not a partition: the rows of keys that have none yet, with keys
  bool is_deferred() const { return deferred_bucket >= 0; }
  int64_t touched_at = 0;  // bytes the pass had routed when it last got rows
};

struct PartitionTableOptions {
  int64_t bytes_max = INT64_MAX;  // of partitions; a table with some always takes a few
  int32_t deferred_buckets = 1;
  int32_t depth = 0;  // of tables whose keys were deferred by the one before
};

// Role: gives every distinct key its partition, making the directory text when a key is first seen.
// Owner: the sink. Threads: Find from any thread, most of it side by side; partitions never move.
// Errors: BadInput for values that name no directory; OutOfMemory from the pool.
// Limits: once the partitions take their bytes the table is closed. A key that it does not have by
// then gets no partition in this pass, in none of its rows: they are deferred, to one of a number
// of buckets by the key's hash, each of which is a pass of its own later.
class PartitionTable {
 public:
  PartitionTable(std::shared_ptr<arrow::Schema> keys, PartitionTableOptions options,
                 arrow::MemoryPool* pool);

  // The partition of every row, or the bucket it is deferred to. `found` has room for all rows.
  Status Find(const arrow::ArrayVector& key_columns, int64_t rows, Partition** found);

  const PartitionTableOptions& options() const { return options_; }
  int64_t size() const;
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Forgets all partitions, of which no rows are held any more.
  void Clear();
  // In the order in which keys were first seen. Only while no Find runs.
  Partition* at(int64_t id) { return &partitions_[static_cast<size_t>(id)]; }

 private:
  template <typename T>
  using PoolVector = std::vector<T, arrow::stl::allocator<T>>;
  struct Key {
    const uint8_t* bytes = nullptr;  // an encoded row of the key layout
    uint64_t hash = 0;
  };

  Result<EncodedRows> EncodeKeys(const arrow::ArrayVector& key_columns,
                                 std::span<const int32_t> rows);
  Partition* Lookup(const uint8_t* key, int64_t key_bytes,
                    uint64_t hash);  // mutex_ held, shared or not
  Result<Partition*> Insert(const uint8_t* key, int64_t key_bytes, uint64_t hash,
                            const arrow::ArrayVector& key_columns, int64_t row);  // mutex_ held
  void Close();                                                                   // mutex_ held
  Partition* DeferredBucket(uint64_t hash);
  void GrowSlots();
  Result<const uint8_t*> KeepKey(const uint8_t* key, int64_t key_bytes);

  const std::shared_ptr<arrow::Schema> keys_;
  const PartitionTableOptions options_;
  std::shared_ptr<const RowLayout> layout_;
  arrow::MemoryPool* pool_;
  mutable std::shared_mutex mutex_;
  std::deque<Partition, arrow::stl::allocator<Partition>> partitions_;
  PoolVector<Key> key_of_;      // by id
  PoolVector<uint32_t> slots_;  // id + 1 by hash, 0 = free; a power of two, at most half full
  std::vector<std::shared_ptr<arrow::Buffer>> key_blocks_;
  int64_t key_block_used_ = 0;
  std::atomic<int64_t> bytes_{0};
  bool is_closed_ = false;
};

}  // namespace headrace
