#include "source/csv/block_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

#include "base/units.h"

namespace headrace {

BlockReader::BlockReader(std::vector<CsvInput> inputs, const Dialect& dialect,
                         const BlockLimits& limits, TextInput::Pass pass,
                         Cancellation* cancellation, arrow::MemoryPool* pool)
    : inputs_(std::move(inputs)),
      dialect_(dialect),
      limits_(limits),
      pass_(pass),
      pool_(pool),
      order_(cancellation),
      tail_(limits.block_bytes, pool),
      free_blocks_(limits.block_bytes) {
  if (limits.bad_rows != BadRows::kRepair) return;
  for (const CsvInput& input : inputs_)
    columns_max_ = std::max<int64_t>(columns_max_, input.columns);
}

BlockReader::~BlockReader() = default;

Result<std::unique_ptr<TextBlock>> BlockReader::Next(int64_t* sequence) {
  std::lock_guard lock(mutex_);
  while (!stopped_.load(std::memory_order_relaxed)) {
    if (stream_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(bool opened, OpenNextInput());
      if (!opened) return nullptr;
    }
    ARROW_ASSIGN_OR_RAISE(auto block, TakeBlock());
    int64_t length = 0;
    ARROW_RETURN_NOT_OK(FillAndScan(block.get(), &length));
    if (block->scan.record_end == 0 && length > 0) {
      HEADRACE_CHECK(CutAtOpenQuote(block.get(), length + (closing_newline_ ? 1 : 0)));
    }
    if (block->scan.record_end == 0) {  // the end of this input
      finished_stored_bytes_ += stream_->stored_bytes_read();
      stream_.reset();
      free_blocks_.Put(std::move(block));
      continue;
    }
    const int64_t end = block->scan.record_end;
    ARROW_RETURN_NOT_OK(tail_.Keep(block->text() + end, std::max<int64_t>(0, length - end)));
    offset_ += end;
    line_ += block->scan.lines;
    block->under_way = UnderWay(&order_, sequence_);
    *sequence = sequence_++;
    return block;
  }
  return nullptr;
}

Result<bool> BlockReader::OpenNextInput() {
  if (input_ + 1 >= static_cast<int>(inputs_.size())) return false;
  ++input_;
  const CsvInput& input = inputs_[static_cast<size_t>(input_)];
  ARROW_ASSIGN_OR_RAISE(stream_, input.text->Open(pass_));
  ARROW_ASSIGN_OR_RAISE(auto scratch, TakeBlock());
  ARROW_RETURN_NOT_OK(
      SkipBytes(stream_.get(), input.data_offset, scratch->text(), scratch->capacity()));
  free_blocks_.Put(std::move(scratch));
  offset_ = input.data_offset + input.text->mark_bytes();
  line_ = input.data_line;
  at_end_ = false;
  tail_.Clear();
  return true;
}

Result<std::unique_ptr<TextBlock>> BlockReader::TakeBlock() {
  std::unique_ptr<TextBlock> block = free_blocks_.Take();
  if (block == nullptr) {
    const int64_t bytes = BlockBytesFor(*input().text, inputs_.size(), limits_.block_bytes);
    ARROW_ASSIGN_OR_RAISE(block, TextBlock::Make(bytes, pool_, columns_max_));
  }
  block->file = input_;
  block->offset = offset_;
  block->first_line = line_;
  return block;
}

Status BlockReader::FillAndScan(TextBlock* block, int64_t* length) {
  while (block->capacity() < tail_.bytes()) ARROW_RETURN_NOT_OK(GrowForRecord(block));
  tail_.CopyTo(block->text());
  *length = tail_.bytes();
  bool may_end = true;  // whether the text can hold the end of a record
  while (true) {
    if (!at_end_) {
      const int64_t wanted = block->capacity() - *length;
      ARROW_ASSIGN_OR_RAISE(int64_t count,
                            ReadFully(stream_.get(), wanted, block->text() + *length));
      const uint8_t* const read = block->text() + *length;
      may_end =
          may_end || std::memchr(read, dialect_.newline, static_cast<size_t>(count)) != nullptr;
      *length += count;
      at_end_ = count < wanted;
    }
    stored_bytes_.store(finished_stored_bytes_ + stream_->stored_bytes_read(),
                        std::memory_order_relaxed);
    const bool is_longest = block->capacity() >= limits_.record_bytes_max;
    if (!may_end && !at_end_ && !is_longest) {
      ARROW_RETURN_NOT_OK(GrowForRecord(block));
      continue;
    }
    int64_t scanned = *length;
    closing_newline_ = at_end_ && scanned > 0 && block->text()[scanned - 1] != dialect_.newline;
    if (closing_newline_) block->text()[scanned++] = dialect_.newline;
    Scan(block, scanned, at_end_);
    if (block->scan.record_end > 0 || at_end_) return Status::OK();
    if (is_longest && CutLongest(block, scanned)) return Status::OK();
    ARROW_RETURN_NOT_OK(GrowForRecord(block));
    may_end = false;
  }
}

void BlockReader::Scan(TextBlock* block, int64_t length, bool is_whole) const {
  block->scan = limits_.bad_rows == BadRows::kRepair
                    ? ScanStructureRepairing(block->text(), length, dialect_,
                                             {input().columns, is_whole}, block->bits())
                    : ScanStructure(block->text(), length, dialect_, block->bits());
}

bool BlockReader::CutLongest(TextBlock* block, int64_t length) const {
  if (!PutsAside(limits_.bad_rows) || !block->scan.ends_quoted) return false;
  if (limits_.bad_rows == BadRows::kQuarantine) return CutAtOpenQuote(block, length);
  Scan(block, length, /*is_whole=*/true);
  if (block->scan.record_end == 0) return false;
  KeepFirstRecord(block);  // whether the quotes of those behind it are closed is not known
  return true;
}

Status BlockReader::GrowForRecord(TextBlock* block) {
  const int64_t capacity =
      GrownCapacity(block->capacity(), limits_.block_bytes, limits_.record_bytes_max);
  if (capacity <= block->capacity()) {
    return MakeError(ErrorKind::kBadInput, 405,
                     "a record is longer than allowed; is a quote never closed, or the delimiter "
                     "or quote wrong?: {}:{} "
                     "(byte {}): above {}",
                     path(), block->first_line, block->offset,
                     FormatBytes(limits_.record_bytes_max));
  }
  if (capacity > kHugeRecordBytes) ARROW_RETURN_NOT_OK(order_.Wait(sequence_));
  const Status status = block->Grow(capacity);
  if (!status.ok()) {
    return WithContext(
        status,
        fmt::format("{}:{} (byte {}): one record is longer than {} (is a quote never closed?)",
                    path(), block->first_line, block->offset, FormatBytes(block->capacity())));
  }
  return status;
}

void BlockReader::KeepFirstRecord(TextBlock* block) const {
  StructureScan& scan = block->scan;
  scan.fields = 0;
  int64_t end = 0;
  for (int64_t word = 0; end == 0; ++word) {
    for (uint64_t left = block->bits()[word]; left != 0 && end == 0; left &= left - 1) {
      ++scan.fields;
      const int64_t at = word * 64 + std::countr_zero(left);
      if (block->text()[at] == dialect_.newline) end = at + 1;
    }
  }
  scan.record_end = end;
  scan.records = 1;
  scan.lines = std::count(block->text(), block->text() + end, dialect_.newline);
}

bool BlockReader::CutAtOpenQuote(TextBlock* block, int64_t length) const {
  const uint8_t* const text = block->text();
  int64_t open = block->scan.open_quote;
  if (open < 0) {  // the parity scan does not keep it
    bool inside = false;
    for (int64_t i = 0; i < length; ++i) {
      if (text[i] != dialect_.quote) continue;
      inside = !inside;
      if (inside) open = i;
    }
    if (!inside) return false;
  }
  const uint8_t* const newline = std::find(text + open, text + length, dialect_.newline);
  if (newline == text + length) return false;
  const int64_t end = newline - text;
  StructureScan& scan = block->scan;
  std::fill_n(block->bits(), StructureWords(end + 1), 0);
  block->bits()[end / 64] = uint64_t{1} << (end % 64);
  scan.record_end = end + 1;
  scan.fields = scan.records = 1;
  scan.lines = std::count(text, newline + 1, dialect_.newline);
  scan.error = QuoteError::kNeverClosed;
  scan.error_at = open;
  return true;
}

void BlockReader::Recycle(std::unique_ptr<TextBlock> block) {
  const UnderWay ends = std::move(block->under_way);
  free_blocks_.Put(std::move(block));
}

int64_t LineOf(const TextBlock& block, int64_t position, const Dialect& dialect) {
  return block.first_line + std::count(block.text(), block.text() + position, dialect.newline);
}

std::string Excerpt(const uint8_t* begin, const uint8_t* end, int64_t bytes_max) {
  std::string text;
  AppendExcerpt(begin, end, &text, bytes_max);
  return text;
}

void AppendExcerpt(const uint8_t* begin, const uint8_t* end, std::string* text, int64_t bytes_max) {
  const bool cut = end - begin > bytes_max;
  if (cut) {
    end = begin + bytes_max;
    while (end > begin && (*end & 0xc0) == 0x80) --end;  // not inside a character
  }
  for (; begin != end; ++begin) {
    if (*begin == '\n') {
      text->append("\\n");
    } else if (*begin == '\r') {
      text->append("\\r");
    } else if (*begin == '\t') {
      text->append("\\t");
    } else if (*begin < 0x20 || *begin == 0x7f) {
      fmt::format_to(std::back_inserter(*text), "\\x{:02x}", *begin);
    } else {
      text->push_back(static_cast<char>(*begin));
    }
  }
  if (cut) text->append("...");
}

}  // namespace headrace
