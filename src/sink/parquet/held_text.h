// HeldText: bytes that a file needs at its end, kept while it grows.
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "sink/output_form.h"
#include "spill/spill_area.h"

namespace headrace {

// Role: takes bytes and gives them back in order, in pieces that end where its owner spilled. Held
// in the pool, or in the spill. Owner: ParquetFileWriter. Threads: one. Errors: the spill's;
// OutOfMemory.
class HeldText {
 public:
  HeldText(arrow::MemoryPool* pool, SpillArea* spill) : pool_(pool), spill_(spill), held_(pool) {}
  ~HeldText();
  HeldText(const HeldText&) = delete;
  HeldText& operator=(const HeldText&) = delete;

  Status Append(const void* data, int64_t bytes);
  int64_t bytes() const { return spilled_bytes_ + held_.length(); }
  int64_t held_bytes() const { return held_.length(); }
  int64_t held_capacity() const { return held_.capacity(); }
  // There has to be a spill.
  Status Spill();
  Status ForEachPiece(const std::function<Status(std::string_view piece)>& use) const;
  void Reset() { held_.Reset(); }

 private:
  arrow::MemoryPool* pool_;
  SpillArea* spill_;
  std::vector<SpillFrame> spilled_;  // before what is held
  int64_t spilled_bytes_ = 0;
  arrow::BufferBuilder held_;
};

}  // namespace headrace
