// PartitionWork: does what the router decided: encodes row groups and writes spilled frames; reads
// frames back.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "sink/encode_slots.h"
#include "sink/file_set.h"
#include "sink/partition_router.h"
#include "sink/sink_memory.h"

namespace headrace {

struct PartitionWorkOptions {
  std::shared_ptr<const RowLayout> row_layout;
  EncoderPool* encoders = nullptr;
  FileSet* files = nullptr;
  SpillArea* spill = nullptr;
  arrow::MemoryPool* pool = nullptr;
  int64_t frame_bytes = 0;
};

// Rows of one partition inside a frame.
struct FramePart {
  uint32_t partition_id = 0;
  RowSpan rows;
};

// Role: see above. Owner: the sink. Threads: all methods from any thread. Errors: as EncoderPool,
// FileSet and SpillArea.
class PartitionWork {
 public:
  explicit PartitionWork(PartitionWorkOptions options) : options_(std::move(options)) {}

  // Encodes and writes; frames are noted in `router`.
  Status Run(RouterWork work, PartitionRouter* router);
  // Reads all frames of an index in order, hands out their parts and releases them.
  Status ReadFrames(const FrameIndex& index, const std::function<Status(const FramePart&)>& use);

 private:
  Status ReadFrame(const SpillFrame& frame, const std::function<Status(const FramePart&)>& use);
  Status EncodeRowGroup(RowGroupWork work);
  // Decodes rows into batches, freeing the chunks on the way.
  Result<BatchVector> Decode(RowChunks rows);
  Status WriteFrame(SpillFrameWork frame, SpillWriter* writer, PartitionRouter* router);
  Result<std::unique_ptr<SpillWriter>> TakeWriter();

  const PartitionWorkOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SpillWriter>> idle_writers_;
};

}  // namespace headrace
