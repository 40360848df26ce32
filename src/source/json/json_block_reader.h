// JsonBlockReader: cuts the text of the inputs into blocks of whole JSON values.
#pragma once

#include <arrow/memory_pool.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/json/json_block.h"
#include "source/json/json_splitter.h"
#include "source/text/block_memory.h"
#include "source/text/text_input.h"

namespace headrace {

struct JsonInput {
  std::shared_ptr<TextInput> text;
  JsonFraming framing = JsonFraming::kLines;
};

inline constexpr int64_t kJsonBlockBytesMax = 1LL << 30;  // positions are 31 bits wide

struct JsonBlockLimits {
  int64_t block_bytes = 1 << 20;        // text per block
  int64_t row_bytes_max = 512LL << 20;  // a longer row is a bad one
  // kQuarantine: also such a row is read whole, for its text is kept.
  BadRows bad_rows = BadRows::kFail;

  // A block grows to that for one value.
  int64_t grown_bytes_max() const {
    return bad_rows == BadRows::kFail ? std::max(row_bytes_max, block_bytes) : kJsonBlockBytesMax;
  }
};

// Role: reads the inputs one after the other and hands out blocks that start and end between
// values: after a newline where values stand on lines of their own (a newline cannot stand inside
// a JSON string), else where brackets and quotes say so. A block grows when one value does not fit,
// up to grown_bytes_max and what the pool gives. Owner: a source, or the pass that finds types.
// Threads: Next and Recycle from any thread; a lock orders them. Errors: BadInput with file and
// line for an array that is not well-formed between its elements and for a value above the limit;
// OutOfMemory when a value does not fit the budget; Source.
class JsonBlockReader {
 public:
  JsonBlockReader(std::vector<JsonInput> inputs, const JsonBlockLimits& limits,
                  TextInput::Pass pass, Cancellation* cancellation, arrow::MemoryPool* pool);
  ~JsonBlockReader();

  // The next block; nullptr at the end or after Stop.
  Result<std::unique_ptr<JsonBlock>> Next(int64_t* sequence);
  // Takes a block back, to use its memory again.
  void Recycle(std::unique_ptr<JsonBlock> block);
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

  const std::vector<JsonInput>& inputs() const { return inputs_; }
  int64_t stored_bytes_read() const { return stored_bytes_.load(std::memory_order_relaxed); }

 private:
  Result<bool> OpenNextInput();
  Result<std::unique_ptr<JsonBlock>> TakeBlock();
  Status Fill(JsonBlock* block, int64_t* whole_bytes);
  int64_t WholeBytes(JsonBlock* block, int64_t from, int64_t length);
  Status GrowForValue(JsonBlock* block);
  Status CheckArray(const JsonBlock& block, int64_t length) const;
  const JsonInput& input() const { return inputs_[static_cast<size_t>(input_)]; }

  const std::vector<JsonInput> inputs_;
  const JsonBlockLimits limits_;
  const TextInput::Pass pass_;
  arrow::MemoryPool* const pool_;

  std::mutex mutex_;
  std::unique_ptr<ByteStream> stream_;
  std::optional<JsonSplitter> splitter_;  // unless values stand on lines
  int input_ = -1;
  int64_t sequence_ = 0;
  int64_t offset_ = 0;  // of the next block's first byte
  int64_t line_ = 1;
  bool at_end_ = false;  // of the present stream
  OldestFirst order_;
  TextTail tail_;
  FreeBlocks<JsonBlock> free_blocks_;
  int64_t finished_stored_bytes_ = 0;
  std::atomic<int64_t> stored_bytes_{0};
  std::atomic<bool> stopped_{false};
};

// "file.jsonl:12 (byte 3456)" of a place in the block.
std::string JsonPlace(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                      const uint8_t* at);
// The physical line, counted from 1, of a place in the block.
int64_t JsonLine(const JsonBlock& block, const uint8_t* at);

}  // namespace headrace
