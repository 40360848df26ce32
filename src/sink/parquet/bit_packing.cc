#include "sink/parquet/bit_packing.h"

#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>

namespace headrace {
namespace {

constexpr int64_t kGroup = 8;
constexpr int64_t kVarintMax = 10;

void StoreWord(uint64_t word, uint8_t* out) {
  word = arrow::bit_util::ToLittleEndian(word);
  std::memcpy(out, &word, sizeof(word));
}

bool IsOneValue(const uint32_t* group) {
  uint32_t difference = 0;
  for (int i = 1; i < kGroup; ++i) difference |= group[i] ^ group[0];
  return difference == 0;
}

}  // namespace

template <typename T>
uint8_t* PackBits(std::span<const T> values, int width, uint8_t* out) {
  if (width == 0) return out;
  uint64_t word = 0;
  int used = 0;
  for (const T value : values) {
    word |= static_cast<uint64_t>(value) << used;
    used += width;
    if (used < 64) continue;
    StoreWord(word, out);
    out += sizeof(word);
    used -= 64;
    word = used == 0 ? 0 : static_cast<uint64_t>(value) >> (width - used);
  }
  StoreWord(word, out);
  return out + (used + 7) / 8;
}

template uint8_t* PackBits(std::span<const uint32_t>, int, uint8_t*);
template uint8_t* PackBits(std::span<const uint64_t>, int, uint8_t*);

uint8_t* WriteVarint(uint64_t value, uint8_t* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<uint8_t>(value | 0x80);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

Status AppendRuns(std::span<const uint32_t> values, int width, arrow::BufferBuilder* out) {
  const auto count = static_cast<int64_t>(values.size());
  // Every run has a header and stands for a group at least.
  const int64_t runs_max = count / kGroup + 1;
  ARROW_RETURN_NOT_OK(out->Reserve(PackedBytesMax(count + kGroup, width) +
                                   runs_max * static_cast<int64_t>(1 + sizeof(uint32_t)) +
                                   2 * kVarintMax));
  uint8_t* const begin = out->mutable_data() + out->length();
  uint8_t* end = begin;
  const int value_bytes = (width + 7) / 8;
  for (int64_t at = 0; at < count;) {
    if (count - at >= kGroup && IsOneValue(&values[at])) {
      int64_t stop = at + kGroup;
      while (stop < count && values[stop] == values[at]) ++stop;
      // Packed groups have whole eights, so only the last run may end elsewhere.
      end = WriteVarint(static_cast<uint64_t>(stop - at) << 1, end);
      for (int i = 0; i < value_bytes; ++i) *end++ = static_cast<uint8_t>(values[at] >> (8 * i));
      at = stop;
      continue;
    }
    int64_t stop = std::min(at + kGroup, count);
    while (stop < count) {
      if (count - stop >= kGroup && IsOneValue(&values[stop])) break;
      stop = std::min(stop + kGroup, count);
    }
    const int64_t groups = (stop - at + kGroup - 1) / kGroup;
    end = WriteVarint(static_cast<uint64_t>(groups) << 1 | 1, end);
    std::memset(end, 0, static_cast<size_t>(groups * width));
    PackBits(values.subspan(at, stop - at), width, end);
    end += groups * width;
    at = stop;
  }
  out->UnsafeAdvance(end - begin);
  return Status::OK();
}

Status AppendLevels(const uint8_t* present, int64_t count, int64_t null_count,
                    arrow::BufferBuilder* out) {
  const int64_t packed_bytes = (count + 7) / 8;
  ARROW_RETURN_NOT_OK(
      out->Reserve(static_cast<int64_t>(sizeof(uint32_t)) + kVarintMax + packed_bytes));
  uint8_t* const begin = out->mutable_data() + out->length();
  uint8_t* end = begin + sizeof(uint32_t);
  if (null_count == 0 || null_count == count) {
    end = WriteVarint(static_cast<uint64_t>(count) << 1, end);
    *end++ = null_count == 0 ? 1 : 0;
  } else {
    // A validity bitmap is a packed run already.
    end = WriteVarint(static_cast<uint64_t>(packed_bytes) << 1 | 1, end);
    std::memcpy(end, present, static_cast<size_t>(packed_bytes));
    end += packed_bytes;
  }
  const auto length = arrow::bit_util::ToLittleEndian(
      static_cast<uint32_t>(end - begin - static_cast<int64_t>(sizeof(uint32_t))));
  std::memcpy(begin, &length, sizeof(length));
  out->UnsafeAdvance(end - begin);
  return Status::OK();
}

}  // namespace headrace
