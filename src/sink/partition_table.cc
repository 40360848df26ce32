#include "sink/partition_table.h"

#include <arrow/buffer.h>
#include <arrow/util/checked_cast.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

#include "sink/key_runs.h"
#include "sink/partition_path.h"

namespace headrace {
namespace {

constexpr int64_t kKeyBlockBytes = 16 << 10;
// Beside the partition itself: its key, hash slots, its series while files are open. What is kept
// of its directory comes to that.
constexpr int64_t kBytesBesides = 320;
// What a table takes however few its bytes are, so that every pass has fewer keys than the one
// before.
constexpr size_t kPartitionsMin = 256;

// `column` with every value put through `change`, also those that are NULL.
template <typename ArrayType, typename Change>
Result<std::shared_ptr<arrow::Array>> Changed(const std::shared_ptr<arrow::Array>& column,
                                              arrow::MemoryPool* pool, Change change) {
  using Value = typename ArrayType::value_type;
  const auto& values = arrow::internal::checked_cast<const ArrayType&>(*column);
  auto data = column->data()->Copy();
  const int64_t offset = data->offset;  // the bitmap keeps it, so the copy does too
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> copy,
      arrow::AllocateBuffer((offset + column->length()) * static_cast<int64_t>(sizeof(Value)),
                            pool));
  auto* out = copy->mutable_data_as<Value>();
  std::fill(out, out + offset, Value{0});
  for (int64_t i = 0; i < column->length(); ++i) out[offset + i] = change(values.Value(i));
  data->buffers[1] = std::move(copy);
  return arrow::MakeArray(data);
}

// One NaN and one zero, so that values that count as equal have one encoded form.
template <typename Value>
Value OneZeroOneNan(Value value) {
  if (std::isnan(value)) return std::numeric_limits<Value>::quiet_NaN();
  return value == 0 ? Value{0} : value;
}

// Date64 as numbers of days, as the directory's text has no clock.
int64_t WholeDays(int64_t milliseconds) {
  constexpr int64_t kDay = 86'400'000;  // milliseconds
  return milliseconds / kDay - (milliseconds % kDay < 0 ? 1 : 0);
}

}  // namespace

PartitionTable::PartitionTable(std::shared_ptr<arrow::Schema> keys, PartitionTableOptions options,
                               arrow::MemoryPool* pool)
    : keys_(std::move(keys)),
      options_(options),
      layout_(RowLayout::Make(keys_).ValueOrDie()),
      pool_(pool),
      partitions_(arrow::stl::allocator<Partition>(pool)),
      key_of_(arrow::stl::allocator<Key>(pool)),
      slots_(64, 0, arrow::stl::allocator<uint32_t>(pool)) {}

int64_t PartitionTable::size() const {
  std::shared_lock lock(mutex_);
  return static_cast<int64_t>(key_of_.size());
}

void PartitionTable::Clear() {
  std::unique_lock lock(mutex_);
  partitions_.clear();
  partitions_.shrink_to_fit();
  PoolVector<Key>(key_of_.get_allocator()).swap(key_of_);
  PoolVector<uint32_t>(slots_.get_allocator()).swap(slots_);
  key_blocks_.clear();
  bytes_ = 0;
}

// Behind the partitions, of which no more come.
void PartitionTable::Close() {
  const size_t partitions = partitions_.size();
  try {
    for (int32_t bucket = 0; bucket < options_.deferred_buckets; ++bucket) {
      Partition& added =
          partitions_.emplace_back(static_cast<uint32_t>(partitions_.size()), "", pool_);
      added.deferred_bucket = bucket;
      added.spilled_level = 0;  // its rows leave as frames only
    }
  } catch (const std::bad_alloc&) {
    while (partitions_.size() > partitions) partitions_.pop_back();
    throw;
  }
  is_closed_ = true;
}

Partition* PartitionTable::DeferredBucket(uint64_t hash) {
  // Other bits than those that choose slots.
  const uint64_t bucket = (hash >> 32) % static_cast<uint64_t>(options_.deferred_buckets);
  return &partitions_[key_of_.size() + bucket];
}

Result<EncodedRows> PartitionTable::EncodeKeys(const arrow::ArrayVector& key_columns,
                                               std::span<const int32_t> rows) {
  arrow::ArrayVector columns = key_columns;
  for (auto& column : columns) {
    if (column->type_id() == arrow::Type::DOUBLE) {
      ARROW_ASSIGN_OR_RAISE(column,
                            Changed<arrow::DoubleArray>(column, pool_, OneZeroOneNan<double>));
    } else if (column->type_id() == arrow::Type::FLOAT) {
      ARROW_ASSIGN_OR_RAISE(column,
                            Changed<arrow::FloatArray>(column, pool_, OneZeroOneNan<float>));
    } else if (column->type_id() == arrow::Type::DATE64) {
      ARROW_ASSIGN_OR_RAISE(column, Changed<arrow::Date64Array>(column, pool_, WholeDays));
    }
  }
  return EncodeRows(*layout_, columns, rows, pool_);
}

Partition* PartitionTable::Lookup(const uint8_t* key, int64_t key_bytes, uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t id = slots_[slot] - 1;
    const Key& candidate = key_of_[id];
    if (candidate.hash == hash && EncodedRowBytes(candidate.bytes) == key_bytes &&
        std::memcmp(candidate.bytes, key, static_cast<size_t>(key_bytes)) == 0) {
      return &partitions_[id];
    }
  }
  return nullptr;
}

Result<const uint8_t*> PartitionTable::KeepKey(const uint8_t* key, int64_t key_bytes) {
  if (key_blocks_.empty() || key_block_used_ + key_bytes > key_blocks_.back()->size()) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> block,
                          arrow::AllocateBuffer(std::max(kKeyBlockBytes, key_bytes), pool_));
    key_blocks_.push_back(std::move(block));
    key_block_used_ = 0;
  }
  uint8_t* kept = key_blocks_.back()->mutable_data() + key_block_used_;
  std::memcpy(kept, key, static_cast<size_t>(key_bytes));
  key_block_used_ += key_bytes;
  return kept;
}

void PartitionTable::GrowSlots() {
  PoolVector<uint32_t> grown(slots_.size() * 2, 0, slots_.get_allocator());
  const size_t mask = grown.size() - 1;
  for (uint32_t id = 0; id < key_of_.size(); ++id) {
    size_t slot = key_of_[id].hash & mask;
    while (grown[slot] != 0) slot = (slot + 1) & mask;
    grown[slot] = id + 1;
  }
  slots_.swap(grown);
}

Result<Partition*> PartitionTable::Insert(const uint8_t* key, int64_t key_bytes, uint64_t hash,
                                          const arrow::ArrayVector& key_columns, int64_t row) {
  if (is_closed_) return DeferredBucket(hash);
  if (bytes_ >= options_.bytes_max && partitions_.size() >= kPartitionsMin) {
    Close();
    return DeferredBucket(hash);
  }
  ARROW_ASSIGN_OR_RAISE(std::string directory, PartitionDirectory(*keys_, key_columns, row));
  if ((key_of_.size() + 1) * 2 > slots_.size()) GrowSlots();
  ARROW_ASSIGN_OR_RAISE(const uint8_t* kept, KeepKey(key, key_bytes));
  const auto id = static_cast<uint32_t>(partitions_.size());
  bytes_ += static_cast<int64_t>(sizeof(Partition)) + kBytesBesides + key_bytes +
            2 * static_cast<int64_t>(directory.size()) + KeptDirectoryBytes(directory);
  // Both or none: other threads go on looking keys up after a failure.
  key_of_.push_back({kept, hash});
  try {
    partitions_.emplace_back(id, std::move(directory), pool_);
  } catch (const std::bad_alloc&) {
    key_of_.pop_back();
    throw;
  }
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = id + 1;
  return &partitions_.back();
}

Status PartitionTable::Find(const arrow::ArrayVector& key_columns, int64_t rows,
                            Partition** found) {
  if (rows == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const KeyRuns runs, FindKeyRuns(key_columns, rows, pool_));
  const std::span<const int32_t> starts = runs.rows();
  ARROW_ASSIGN_OR_RAISE(const EncodedRows keys, EncodeKeys(key_columns, starts));
  const int64_t* offsets = keys.offset();
  std::shared_lock reading(mutex_);
  for (size_t run = 0; run < starts.size(); ++run) {
    const uint8_t* key = keys.bytes->data() + offsets[run];
    const int64_t key_bytes = offsets[run + 1] - offsets[run];
    const int64_t row = starts[run];
    // Keys that met in a bucket of the pass before part again.
    const uint64_t hash = XXH3_64bits_withSeed(key, static_cast<size_t>(key_bytes),
                                               static_cast<uint64_t>(options_.depth));
    Partition* partition = Lookup(key, key_bytes, hash);
    if (partition == nullptr && is_closed_) partition = DeferredBucket(hash);
    if (partition == nullptr) {
      reading.unlock();
      try {
        std::unique_lock writing(mutex_);
        partition = Lookup(key, key_bytes, hash);
        if (partition == nullptr) {
          ARROW_ASSIGN_OR_RAISE(partition, Insert(key, key_bytes, hash, key_columns, row));
        }
      } catch (const std::bad_alloc&) {
        return MakeError(ErrorKind::kOutOfMemory, 713,
                         "too many partitions for the memory; raise --memory or partition by fewer "
                         "columns: {} partitions so far",
                         size());
      }
      reading.lock();
    }
    const int64_t end = run + 1 < starts.size() ? starts[run + 1] : rows;
    std::fill(found + row, found + end, partition);
  }
  return Status::OK();
}

}  // namespace headrace
