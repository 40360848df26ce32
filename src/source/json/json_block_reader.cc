#include "source/json/json_block_reader.h"

#include <algorithm>
#include <cstring>

#include "base/units.h"
#include "source/csv/block_reader.h"

namespace headrace {
namespace {

// Blocks above this multiple of the usual size (grown for a long value) are not kept.
constexpr int64_t kKeptGrowth = 2;

}  // namespace

JsonBlockReader::JsonBlockReader(std::vector<JsonInput> inputs, const JsonBlockLimits& limits,
                                 TextInput::Pass pass, arrow::MemoryPool* pool)
    : inputs_(std::move(inputs)), limits_(limits), pass_(pass), pool_(pool) {}

JsonBlockReader::~JsonBlockReader() = default;

int64_t JsonBlockReader::total_bytes() const {
  int64_t total = 0;
  for (const JsonInput& input : inputs_) {
    if (input.text->size_bytes() < 0) return -1;
    total += input.text->size_bytes();
  }
  return total;
}

Result<std::unique_ptr<JsonBlock>> JsonBlockReader::Next(int64_t* sequence) {
  std::lock_guard lock(mutex_);
  while (!stopped_.load(std::memory_order_relaxed)) {
    if (stream_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(bool opened, OpenNextInput());
      if (!opened) return nullptr;
    }
    ARROW_ASSIGN_OR_RAISE(auto block, TakeBlock());
    int64_t whole_bytes = 0;
    ARROW_RETURN_NOT_OK(Fill(block.get(), &whole_bytes));
    if (whole_bytes == 0) {  // the end of this input
      ARROW_RETURN_NOT_OK(CheckArray(*block, block->length));
      finished_stored_bytes_ += stream_->stored_bytes_read();
      stream_.reset();
      if (block->capacity() <= kKeptGrowth * limits_.block_bytes)
        free_blocks_.push_back(std::move(block));
      continue;
    }
    ARROW_RETURN_NOT_OK(KeepTail(*block, whole_bytes, block->length));
    block->SetLength(whole_bytes);
    offset_ += whole_bytes;
    line_ += std::count(block->text(), block->text() + whole_bytes, '\n');
    *sequence = sequence_++;
    return block;
  }
  return nullptr;
}

Result<bool> JsonBlockReader::OpenNextInput() {
  if (input_ + 1 >= static_cast<int>(inputs_.size())) return false;
  ++input_;
  ARROW_ASSIGN_OR_RAISE(stream_, input().text->Open(pass_));
  splitter_.reset();
  if (input().framing != JsonFraming::kLines) splitter_.emplace(input().framing);
  offset_ = input().text->mark_bytes();
  line_ = 1;
  at_end_ = false;
  tail_bytes_ = 0;
  return true;
}

Result<std::unique_ptr<JsonBlock>> JsonBlockReader::TakeBlock() {
  std::unique_ptr<JsonBlock> block;
  if (!free_blocks_.empty()) {
    block = std::move(free_blocks_.back());
    free_blocks_.pop_back();
  } else {
    int64_t capacity = limits_.block_bytes;
    const TextInput& text = *input().text;
    if (inputs_.size() == 1 && text.size_bytes() >= 0 && text.compression() == Compression::kNone &&
        text.encoding() == TextEncoding::kUtf8) {
      // A small file needs no more than itself; one byte more finds its end in the same read.
      capacity = std::max<int64_t>(std::min(capacity, text.size_bytes() + 1), 1);
    }
    ARROW_ASSIGN_OR_RAISE(block, JsonBlock::Make(capacity, pool_));
  }
  block->framing = input().framing;
  block->file = input_;
  block->offset = offset_;
  block->first_line = line_;
  return block;
}

// Reads until the block holds a whole value or the input ends. What is left at the end is handed
// out as it is: whoever reads it says what is wrong with it.
Status JsonBlockReader::Fill(JsonBlock* block, int64_t* whole_bytes) {
  while (block->capacity() < tail_bytes_) ARROW_RETURN_NOT_OK(GrowForValue(block));
  if (tail_bytes_ > 0) std::memcpy(block->text(), tail_->data(), static_cast<size_t>(tail_bytes_));
  int64_t length = tail_bytes_;
  int64_t looked_at = tail_bytes_;
  while (true) {
    if (!at_end_) {
      const int64_t wanted = block->capacity() - length;
      ARROW_ASSIGN_OR_RAISE(int64_t count,
                            ReadFully(stream_.get(), wanted, block->text() + length));
      length += count;
      at_end_ = count < wanted;
    }
    block->length = length;
    *whole_bytes = WholeBytes(block, looked_at, length);
    looked_at = length;
    stored_bytes_.store(finished_stored_bytes_ + stream_->stored_bytes_read(),
                        std::memory_order_relaxed);
    if (*whole_bytes > 0 || at_end_) return Status::OK();
    if (splitter_.has_value() && splitter_->misplaced_at() >= 0) return Status::OK();
    ARROW_RETURN_NOT_OK(GrowForValue(block));
  }
}

int64_t JsonBlockReader::WholeBytes(JsonBlock* block, int64_t from, int64_t length) {
  if (!splitter_.has_value()) {
    if (at_end_) return length;
    const void* newline = ::memrchr(block->text() + from, '\n', static_cast<size_t>(length - from));
    return newline == nullptr ? 0 : static_cast<const uint8_t*>(newline) + 1 - block->text();
  }
  splitter_->Scan(block->text(), from, length);
  if (!at_end_ || splitter_->misplaced_at() >= 0) return splitter_->whole_bytes();
  splitter_->Finish(length);
  return splitter_->inside_value() ? length : splitter_->whole_bytes();
}

Status JsonBlockReader::GrowForValue(JsonBlock* block) {
  const int64_t capacity =
      std::min(std::max(block->capacity(), limits_.block_bytes) * 2, limits_.grown_bytes_max());
  const std::string place = JsonPlace(inputs_, *block, block->text());
  if (capacity <= block->capacity()) {
    return MakeError(ErrorKind::kBadInput, 405,
                     "a JSON value is longer than allowed; is a quote or bracket never closed?: "
                     "{}: above {}",
                     place, FormatBytes(limits_.grown_bytes_max()));
  }
  const Status status = block->Grow(capacity);
  if (status.ok()) return status;
  return WithContext(status, fmt::format("{}: one JSON value is longer than {}", place,
                                         FormatBytes(block->capacity())));
}

// What stands between and behind the elements of an array.
Status JsonBlockReader::CheckArray(const JsonBlock& block, int64_t length) const {
  if (!splitter_.has_value()) return Status::OK();
  const int64_t at = splitter_->misplaced_at() >= 0 ? splitter_->misplaced_at() : length;
  if (splitter_->misplaced_at() < 0 && !splitter_->unfinished()) return Status::OK();
  const uint8_t* const place = block.text() + at;
  return MakeError(
      ErrorKind::kBadInput, 440,
      "an array of JSON objects is broken; mend it, or give the objects one per line: "
      "{}: {}",
      JsonPlace(inputs_, block, place),
      at == length ? std::string("the array is never closed")
                   : fmt::format("'{}' where {} should stand",
                                 Excerpt(place, block.text() + length, 20), splitter_->expected()));
}

Status JsonBlockReader::KeepTail(const JsonBlock& block, int64_t whole_bytes, int64_t length) {
  if (splitter_.has_value()) splitter_->Shift(whole_bytes);
  tail_bytes_ = length - whole_bytes;
  if (tail_bytes_ == 0) return Status::OK();
  if (tail_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(tail_, arrow::AllocateResizableBuffer(tail_bytes_, pool_));
  } else if (tail_->capacity() < tail_bytes_ ||
             tail_->capacity() > kKeptGrowth * limits_.block_bytes) {
    ARROW_RETURN_NOT_OK(tail_->Resize(0, /*shrink_to_fit=*/true));
    ARROW_RETURN_NOT_OK(tail_->Resize(tail_bytes_, /*shrink_to_fit=*/false));
  } else {
    ARROW_RETURN_NOT_OK(tail_->Resize(tail_bytes_, /*shrink_to_fit=*/false));
  }
  std::memcpy(tail_->mutable_data(), block.text() + whole_bytes, static_cast<size_t>(tail_bytes_));
  return Status::OK();
}

void JsonBlockReader::Recycle(std::unique_ptr<JsonBlock> block) {
  if (block->capacity() > kKeptGrowth * limits_.block_bytes) return;
  std::lock_guard lock(mutex_);
  free_blocks_.push_back(std::move(block));
}

int64_t JsonLine(const JsonBlock& block, const uint8_t* at) {
  return block.first_line + std::count(block.text(), at, '\n');
}

std::string JsonPlace(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                      const uint8_t* at) {
  return fmt::format("{}:{} (byte {})", inputs[static_cast<size_t>(block.file)].text->path(),
                     JsonLine(block, at), block.offset + (at - block.text()));
}

}  // namespace headrace
