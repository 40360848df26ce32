#include "sink/parquet/delta_packer.h"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "sink/parquet/bit_packing.h"

namespace headrace {
namespace {

constexpr int64_t kVarintBytesMax = 10;

uint8_t* WriteSigned(int64_t value, uint8_t* out) {
  return WriteVarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63), out);
}

}  // namespace

template <typename V>
Status DeltaPacker<V>::Put(std::span<const V> values) {
  if (values.empty()) return Status::OK();
  constexpr int64_t kBlockBytesMax =
      kVarintBytesMax + kMiniBlocks +
      kMiniBlocks * PackedBytesMax(kMiniBlock, 8 * static_cast<int>(sizeof(V)));
  const auto count = static_cast<int64_t>(values.size());
  ARROW_RETURN_NOT_OK(blocks_.Reserve((count / kBlock + 2) * kBlockBytesMax));
  int64_t at = 0;
  if (total_ == 0) first_ = last_ = values[at++];
  total_ += count;
  while (at < count) {
    const auto take = static_cast<int>(std::min<int64_t>(kBlock - pending_, count - at));
    deltas_[pending_] = values[at] - last_;
    for (int i = 1; i < take; ++i) deltas_[pending_ + i] = values[at + i] - values[at + i - 1];
    at += take;
    last_ = values[at - 1];
    pending_ += take;
    if (pending_ == kBlock) FlushBlock();
  }
  return Status::OK();
}

template <typename V>
void DeltaPacker<V>::FlushBlock() {
  using Signed = std::make_signed_t<V>;
  auto smallest = static_cast<Signed>(deltas_[0]);
  for (int i = 1; i < pending_; ++i) smallest = std::min(smallest, static_cast<Signed>(deltas_[i]));
  for (int i = 0; i < pending_; ++i) deltas_[i] -= static_cast<V>(smallest);
  std::fill(deltas_.begin() + pending_, deltas_.end(), V{0});

  uint8_t* const begin = blocks_.mutable_data() + blocks_.length();
  uint8_t* widths = WriteSigned(smallest, begin);
  uint8_t* end = widths + kMiniBlocks;
  for (int i = 0; i < kMiniBlocks; ++i) {
    const std::span<const V> deltas(deltas_.data() + i * kMiniBlock, kMiniBlock);
    V all = 0;
    for (const V delta : deltas) all |= delta;
    widths[i] = static_cast<uint8_t>(std::bit_width(all));
    end = PackBits(deltas, widths[i], end);
  }
  blocks_.UnsafeAdvance(end - begin);
  pending_ = 0;
}

template <typename V>
Status DeltaPacker<V>::Finish(arrow::BufferBuilder* out) {
  if (pending_ > 0) FlushBlock();
  ARROW_RETURN_NOT_OK(out->Reserve(4 * kVarintBytesMax + blocks_.length()));
  uint8_t* const begin = out->mutable_data() + out->length();
  uint8_t* end = WriteVarint(kBlock, begin);
  end = WriteVarint(kMiniBlocks, end);
  end = WriteVarint(static_cast<uint64_t>(total_), end);
  end = WriteSigned(static_cast<std::make_signed_t<V>>(first_), end);
  out->UnsafeAdvance(end - begin);
  AppendReserved(blocks_.data(), blocks_.length(), out);
  blocks_.Rewind(0);
  total_ = 0;
  first_ = last_ = 0;
  return Status::OK();
}

template class DeltaPacker<uint32_t>;
template class DeltaPacker<uint64_t>;

}  // namespace headrace
