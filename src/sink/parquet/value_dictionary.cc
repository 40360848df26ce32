#include "sink/parquet/value_dictionary.h"

#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "sink/parquet/bit_packing.h"
#include "sink/parquet/value_hash.h"

namespace headrace {
namespace {

constexpr int kFirstSlotBits = 8;
constexpr uint64_t kNumberMask = 0xffffffff;

}  // namespace

template <typename V>
ValueDictionary<V>::ValueDictionary(arrow::MemoryPool* pool)
    : table_(pool),
      entries_(arrow::stl::allocator<uint32_t>(pool)),
      is_used_(arrow::stl::allocator<uint8_t>(pool)),
      slots_(size_t{1} << kFirstSlotBits, 0, arrow::stl::allocator<uint64_t>(pool)),
      shift_(64 - kFirstSlotBits),
      numbers_(pool) {}

template <typename V>
bool ValueDictionary<V>::IsEntry(uint32_t number, V value) const {
  const V entry = Entry(number);
  if constexpr (std::is_integral_v<V>) {
    return entry == value;
  } else {
    return entry.size() == value.size() && AreSameBytes(entry.data(), value.data(), value.size());
  }
}

template <typename V>
V ValueDictionary<V>::Entry(uint32_t number) const {
  const uint8_t* entry = table_.data() + entries_[number];
  if constexpr (std::is_integral_v<V>) {
    V value;
    std::memcpy(&value, entry, sizeof(value));
    return value;
  } else {
    uint32_t size;
    std::memcpy(&size, entry, sizeof(size));
    return {reinterpret_cast<const char*>(entry) + sizeof(size),
            arrow::bit_util::FromLittleEndian(size)};
  }
}

template <typename V>
uint32_t ValueDictionary<V>::AddEntry(V value) {
  entries_.push_back(static_cast<uint32_t>(table_.length()));
  Status status;
  if constexpr (std::is_integral_v<V>) {
    status = table_.Append(&value, sizeof(value));
  } else {
    const auto size = arrow::bit_util::ToLittleEndian(static_cast<uint32_t>(value.size()));
    status = table_.Reserve(static_cast<int64_t>(sizeof(size) + value.size()));
    if (status.ok()) {
      table_.UnsafeAppend(&size, sizeof(size));
      AppendReserved(value.data(), static_cast<int64_t>(value.size()), &table_);
    }
  }
  if (!status.ok()) throw std::bad_alloc();
  return static_cast<uint32_t>(entries_.size()) - 1;
}

template <typename V>
void ValueDictionary<V>::GrowSlots() {
  PoolVector<uint64_t> grown(slots_.size() * 2, 0, slots_.get_allocator());
  --shift_;
  const size_t mask = grown.size() - 1;
  for (const uint64_t stored : slots_) {
    if (stored == 0) continue;
    // More than half of the hash is not kept, so more slots than that would be of no use.
    size_t slot = (stored & ~kNumberMask) >> shift_;
    while (grown[slot] != 0) slot = (slot + 1) & mask;
    grown[slot] = stored;
  }
  slots_.swap(grown);
}

template <typename V>
uint32_t ValueDictionary<V>::NumberOf(V value) {
  const uint64_t hash = HashValue(value);
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash >> shift_;; slot = (slot + 1) & mask) {
    const uint64_t stored = slots_[slot];
    if (stored == 0) {
      const uint32_t number = AddEntry(value);
      slots_[slot] = (hash & ~kNumberMask) | (number + 1);
      if (entries_.size() * 2 > slots_.size()) GrowSlots();
      return number;
    }
    if ((stored ^ hash) >> 32 != 0) continue;
    const auto number = static_cast<uint32_t>(stored & kNumberMask) - 1;
    if (IsEntry(number, value)) return number;
  }
}

template <typename V>
Status ValueDictionary<V>::Put(std::span<const V> values) {
  const auto bytes = static_cast<int64_t>(values.size() * sizeof(uint32_t));
  ARROW_RETURN_NOT_OK(numbers_.Reserve(bytes));
  auto* out = reinterpret_cast<uint32_t*>(numbers_.mutable_data() + numbers_.length());
  for (const V value : values) *out++ = NumberOf(value);
  numbers_.UnsafeAdvance(bytes);
  return Status::OK();
}

template <typename V>
void ValueDictionary<V>::AddPageBounds(ValueBounds<V>* bounds) {
  is_used_.assign(entries_.size(), 0);
  const auto* numbers = reinterpret_cast<const uint32_t*>(numbers_.data());
  const auto count = static_cast<size_t>(numbers_.length()) / sizeof(uint32_t);
  for (size_t i = 0; i < count; ++i) is_used_[numbers[i]] = 1;
  for (uint32_t number = 0; number < is_used_.size(); ++number) {
    if (is_used_[number] == 0) continue;
    const V value = Entry(number);
    bounds->Add({&value, 1});
  }
}

template <typename V>
int ValueDictionary<V>::width() const {
  // Readers take a width of 0 for a column without values.
  return std::max(1,
                  static_cast<int>(std::bit_width(entries_.size() - (entries_.empty() ? 0 : 1))));
}

template <typename V>
int64_t ValueDictionary<V>::page_bytes() const {
  return numbers_.length() / static_cast<int64_t>(sizeof(uint32_t)) * width() / 8 + 1;
}

template <typename V>
Status ValueDictionary<V>::FinishPage(arrow::BufferBuilder* page) {
  const auto bits = static_cast<uint8_t>(width());
  ARROW_RETURN_NOT_OK(page->Append(&bits, 1));
  ARROW_RETURN_NOT_OK(AppendRuns({reinterpret_cast<const uint32_t*>(numbers_.data()),
                                  static_cast<size_t>(numbers_.length()) / sizeof(uint32_t)},
                                 bits, page));
  numbers_.Rewind(0);
  return Status::OK();
}

template class ValueDictionary<uint32_t>;
template class ValueDictionary<uint64_t>;
template class ValueDictionary<std::string_view>;

}  // namespace headrace
