#include "source/json/json_block_reader.h"

#include <algorithm>
#include <cstring>

#include "base/units.h"
#include "source/csv/block_reader.h"
#include "source/csv/count_byte.h"

namespace headrace {

JsonBlockReader::JsonBlockReader(std::vector<JsonInput> inputs, const JsonBlockLimits& limits,
                                 TextInput::Pass pass, Cancellation* cancellation,
                                 arrow::MemoryPool* pool)
    : inputs_(std::move(inputs)),
      limits_(limits),
      pass_(pass),
      pool_(pool),
      order_(cancellation),
      tail_(limits.block_bytes, pool),
      free_blocks_(limits.block_bytes) {}

JsonBlockReader::~JsonBlockReader() = default;

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
      free_blocks_.Put(std::move(block));
      continue;
    }
    if (splitter_.has_value()) splitter_->Shift(whole_bytes);
    ARROW_RETURN_NOT_OK(tail_.Keep(block->text() + whole_bytes, block->length - whole_bytes));
    block->SetLength(whole_bytes);
    offset_ += whole_bytes;
    line_ += CountByte(block->text(), block->text() + whole_bytes, '\n');
    block->under_way = UnderWay(&order_, sequence_);
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
  tail_.Clear();
  return true;
}

Result<std::unique_ptr<JsonBlock>> JsonBlockReader::TakeBlock() {
  std::unique_ptr<JsonBlock> block = free_blocks_.Take();
  if (block == nullptr) {
    const int64_t bytes = BlockBytesFor(*input().text, inputs_.size(), limits_.block_bytes);
    ARROW_ASSIGN_OR_RAISE(block, JsonBlock::Make(bytes, pool_));
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
  while (block->capacity() < tail_.bytes()) ARROW_RETURN_NOT_OK(GrowForValue(block));
  tail_.CopyTo(block->text());
  int64_t length = tail_.bytes();
  int64_t looked_at = length;
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
      GrownCapacity(block->capacity(), limits_.block_bytes, limits_.grown_bytes_max());
  const std::string place = JsonPlace(inputs_, *block, block->text());
  if (capacity <= block->capacity()) {
    return MakeError(ErrorKind::kBadInput, 405,
                     "a JSON value is longer than allowed; is a quote or bracket never closed?: "
                     "{}: above {}",
                     place, FormatBytes(limits_.grown_bytes_max()));
  }
  if (capacity > kHugeRecordBytes) ARROW_RETURN_NOT_OK(order_.Wait(sequence_));
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

void JsonBlockReader::Recycle(std::unique_ptr<JsonBlock> block) {
  const UnderWay ends = std::move(block->under_way);
  free_blocks_.Put(std::move(block));
}

int64_t JsonLine(const JsonBlock& block, const uint8_t* at) {
  return block.first_line + CountByte(block.text(), at, '\n');
}

std::string JsonPlace(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                      const uint8_t* at) {
  return fmt::format("{}:{} (byte {})", inputs[static_cast<size_t>(block.file)].text->path(),
                     JsonLine(block, at), block.offset + (at - block.text()));
}

}  // namespace headrace
