#include "source/text/input_tape.h"

#include <algorithm>
#include <cstring>

namespace headrace {

class TapeStream : public ByteStream {
 public:
  TapeStream(std::shared_ptr<InputTape> tape, bool keep) : tape_(std::move(tape)), keep_(keep) {}
  Result<int64_t> Read(int64_t length, uint8_t* out) override {
    ARROW_ASSIGN_OR_RAISE(int64_t count, tape_->ReadAt(position_, length, out, keep_));
    position_ += count;
    return count;
  }
  int64_t stored_bytes_read() const override { return position_; }

 private:
  std::shared_ptr<InputTape> tape_;
  const bool keep_;
  int64_t position_ = 0;
};

Result<std::shared_ptr<InputTape>> InputTape::Make(const TextInputContext& context) {
  std::shared_ptr<InputTape> tape(new InputTape(context));
  ARROW_ASSIGN_OR_RAISE(tape->input_, context.env->OpenStandardInput([tape = tape.get()] {
    const Cancellation* cancellation = tape->context_.cancellation;
    return tape->interrupted_.load(std::memory_order_relaxed) ||
           (cancellation != nullptr && cancellation->cancelled());
  }));
  ARROW_ASSIGN_OR_RAISE(tape->head_, arrow::AllocateBuffer(kHeadBytes, context.pool));
  return tape;
}

Result<std::unique_ptr<ByteStream>> InputTape::Open(std::shared_ptr<InputTape> tape, bool keep) {
  tape->interrupted_.store(false, std::memory_order_relaxed);
  return std::unique_ptr<ByteStream>(new TapeStream(std::move(tape), keep));
}

Result<int64_t> InputTape::ReadAt(int64_t position, int64_t length, uint8_t* out, bool keep) {
  if (position < head_bytes_) {
    const int64_t count = std::min(length, head_bytes_ - position);
    std::memcpy(out, head_->data() + position, static_cast<size_t>(count));
    return count;
  }
  if (position < recorded_bytes_) {
    const int64_t count = std::min(length, recorded_bytes_ - position);
    ARROW_RETURN_NOT_OK(scratch_->ReadAt(position - head_bytes_, count, out));
    return count;
  }
  HEADRACE_CHECK(position == input_bytes_);  // a stream that was not kept cannot be read again
  ARROW_ASSIGN_OR_RAISE(int64_t count, input_->Read(length, out));
  if (keep) ARROW_RETURN_NOT_OK(Record(out, count));
  input_bytes_ += count;
  return count;
}

Status InputTape::Record(const uint8_t* data, int64_t length) {
  if (scratch_ == nullptr) {
    const int64_t into_head = std::min(length, kHeadBytes - head_bytes_);
    std::memcpy(head_->mutable_data() + head_bytes_, data, static_cast<size_t>(into_head));
    head_bytes_ += into_head;
    recorded_bytes_ += into_head;
    data += into_head;
    length -= into_head;
    if (length == 0) return Status::OK();
    if (context_.scratch_directory.empty()) {
      return MakeError(
          ErrorKind::kInvalidConfig, 161,
          "types of standard input cannot be found without room for a second pass; give --types or "
          "--all-strings, or a --spill-dir");
    }
    ARROW_ASSIGN_OR_RAISE(scratch_, context_.env->OpenScratch(context_.scratch_directory));
  }
  ARROW_RETURN_NOT_OK(scratch_->WriteAt(recorded_bytes_ - head_bytes_, data, length));
  recorded_bytes_ += length;
  return Status::OK();
}

}  // namespace headrace
