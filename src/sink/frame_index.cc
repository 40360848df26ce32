#include "sink/frame_index.h"

#include <algorithm>

#include "base/status.h"

namespace headrace {

FrameIndex::FrameIndex(arrow::MemoryPool* pool)
    : blocks_(arrow::stl::allocator<SpillFrame>(pool)),
      newest_(arrow::stl::allocator<SpillFrame>(pool)) {}

size_t FrameIndex::Add() {
  newest_.emplace_back();
  return size() - 1;
}

void FrameIndex::Set(size_t place, const SpillFrame& frame) {
  const size_t before = blocks_.size() * kBlockFrames;
  HEADRACE_CHECK(place >= before && place - before < newest_.size());
  newest_[place - before] = frame;
}

std::optional<std::vector<SpillFrame>> FrameIndex::TakeBlock() {
  if (block_under_way_ || newest_.size() < kBlockFrames) return std::nullopt;
  const auto end = newest_.begin() + kBlockFrames;
  if (std::any_of(newest_.begin(), end, [](const SpillFrame& one) { return one.segment < 0; })) {
    return std::nullopt;
  }
  block_under_way_ = true;
  return std::vector<SpillFrame>(newest_.begin(), end);
}

void FrameIndex::PutBlock(const SpillFrame& block) {
  HEADRACE_CHECK(block_under_way_);
  blocks_.push_back(block);
  newest_.erase(newest_.begin(), newest_.begin() + kBlockFrames);
  block_under_way_ = false;
}

int64_t FrameIndex::bytes() const {
  return static_cast<int64_t>((blocks_.capacity() + newest_.capacity()) * sizeof(SpillFrame));
}

}  // namespace headrace
