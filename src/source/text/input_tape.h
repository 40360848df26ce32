// InputTape: standard input with a memory, so that it can be read again from its start.
#pragma once

#include <arrow/buffer.h>

#include <atomic>
#include <memory>

#include "env/env.h"
#include "source/text/text_input.h"

namespace headrace {

// Role: reads a stream once and plays it back: the first kHeadBytes are kept in memory from the
// pool (enough to look at the start of the text), later bytes in a scratch file as long as streams
// are opened as replayable. Owner: a TextInput; shared with its open stream. Threads: one at a
// time. Errors: InvalidConfig when bytes must be kept and there is no scratch directory; OutOfDisk
// from the scratch file.
class InputTape {
 public:
  static constexpr int64_t kHeadBytes = 256 * 1024;

  static Result<std::shared_ptr<InputTape>> Make(const TextInputContext& context);
  // A stream from the start. With `keep` false nothing more is recorded: the stream is the last
  // one.
  static Result<std::unique_ptr<ByteStream>> Open(std::shared_ptr<InputTape> tape, bool keep);
  // Ends a wait for data in another thread; nothing is lost. The next Open takes it back.
  void Interrupt() { interrupted_.store(true, std::memory_order_relaxed); }

 private:
  friend class TapeStream;
  explicit InputTape(const TextInputContext& context) : context_(context) {}
  Result<int64_t> ReadAt(int64_t position, int64_t length, uint8_t* out, bool keep);
  Status Record(const uint8_t* data, int64_t length);

  const TextInputContext context_;
  std::atomic<bool> interrupted_{false};
  std::unique_ptr<SequentialReadFile> input_;
  std::unique_ptr<ScratchFile> scratch_;
  std::shared_ptr<arrow::Buffer> head_;
  int64_t head_bytes_ = 0;
  int64_t recorded_bytes_ = 0;  // head and scratch together
  int64_t input_bytes_ = 0;     // taken from the input in all
};

}  // namespace headrace
