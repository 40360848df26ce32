// FrameIndex: where the spilled frames of one bucket are.
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/stl_allocator.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "spill/spill_area.h"

namespace headrace {

using FrameVector = std::vector<SpillFrame, arrow::stl::allocator<SpillFrame>>;

// Role: frames in the order in which rows were detached. A place is given out first and filled in
// when the frame is written. All but the newest entries go to the spill themselves, in blocks: an
// index that is held whole grows with the input, and a long one would not fit a small budget.
// Owner: a router. Threads: the router's mutex. Errors: std::bad_alloc from the pool's allocator.
class FrameIndex {
 public:
  static constexpr size_t kBlockFrames = 128;

  explicit FrameIndex(arrow::MemoryPool* pool);

  size_t Add();  // the place of a further frame
  void Set(size_t place, const SpillFrame& frame);

  // The oldest kBlockFrames entries once all of them are filled in, to be written as one frame;
  // none while an earlier block is under way. Ends with PutBlock.
  std::optional<std::vector<SpillFrame>> TakeBlock();
  void PutBlock(const SpillFrame& block);

  size_t size() const { return blocks_.size() * kBlockFrames + newest_.size(); }
  int64_t bytes() const;
  // In order: the frames that `blocks` hold, then the newest.
  const FrameVector& blocks() const { return blocks_; }
  const FrameVector& newest() const { return newest_; }

 private:
  FrameVector blocks_;
  FrameVector newest_;
  bool block_under_way_ = false;
};

}  // namespace headrace
