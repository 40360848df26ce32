// BlockReader: cuts the text of the inputs into blocks of whole records.
#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "headrace/job.h"
#include "source/csv/dialect.h"
#include "source/csv/text_block.h"
#include "source/text/block_memory.h"
#include "source/text/text_input.h"

namespace headrace {

// One input from its first data record on.
struct CsvInput {
  std::shared_ptr<TextInput> text;
  int64_t data_offset = 0;  // bytes of decoded text before the first data record
  int64_t data_line = 1;    // physical line of that record
  int columns = 0;          // fields that a record should have
};

struct BlockLimits {
  int64_t block_bytes = 1 << 20;         // text per block
  int64_t record_bytes_max = 512 << 20;  // a longer record is refused
  // Where bad rows are put aside and a quote is open for longer than that, only the line of the
  // quote is given up, as at the end of a text. kRepair: mistaken quotes end with their line
  // (ScanStructureRepairing), those that are never closed as well.
  BadRows bad_rows = BadRows::kFail;
};

// Role: reads the inputs one after the other and hands out blocks that start and end at record
// borders. Quote parity is exact because every block starts at a border; what follows the last
// whole record of a block opens the next one. A block grows when one record does not fit, up to
// record_bytes_max and what the pool gives. A quote that is open at the end of a text makes a block
// of its own: the record up to the end of the line on which the quote stands (QuoteError::
// kNeverClosed); what follows is read as if the record had ended there. Owner: a source, or the
// pass that finds types. Threads: Next and Recycle from any thread; a lock orders them. Errors:
// BadInput with file and line for a record above the limit; OutOfMemory when a record does not fit
// the budget; Source.
class BlockReader {
 public:
  BlockReader(std::vector<CsvInput> inputs, const Dialect& dialect, const BlockLimits& limits,
              TextInput::Pass pass, Cancellation* cancellation, arrow::MemoryPool* pool);
  ~BlockReader();

  // The next block; nullptr at the end or after Stop.
  Result<std::unique_ptr<TextBlock>> Next(int64_t* sequence);
  // Takes a block back, to use its memory again.
  void Recycle(std::unique_ptr<TextBlock> block);
  void Stop() { stopped_.store(true, std::memory_order_relaxed); }

  const std::vector<CsvInput>& inputs() const { return inputs_; }
  int64_t stored_bytes_read() const { return stored_bytes_.load(std::memory_order_relaxed); }

 private:
  Result<bool> OpenNextInput();
  Result<std::unique_ptr<TextBlock>> TakeBlock();
  Status FillAndScan(TextBlock* block, int64_t* length);
  void Scan(TextBlock* block, int64_t length, bool is_whole) const;
  Status GrowForRecord(TextBlock* block);
  // The record that is longer than any may be because of an open quote. False: it is not.
  bool CutLongest(TextBlock* block, int64_t length) const;
  void KeepFirstRecord(TextBlock* block) const;
  // Ends the one record that the block holds at the end of the line on which its open quote stands.
  // False when `length` bytes hold no such end.
  bool CutAtOpenQuote(TextBlock* block, int64_t length) const;
  const CsvInput& input() const { return inputs_[static_cast<size_t>(input_)]; }
  const std::string& path() const { return input().text->path(); }

  const std::vector<CsvInput> inputs_;
  const Dialect dialect_;
  const BlockLimits limits_;
  const TextInput::Pass pass_;
  int64_t columns_max_ = 0;  // that records may be filled up to
  arrow::MemoryPool* const pool_;

  std::mutex mutex_;
  std::unique_ptr<ByteStream> stream_;
  int input_ = -1;
  int64_t sequence_ = 0;
  int64_t offset_ = 0;  // of the next block's first byte
  int64_t line_ = 1;
  bool at_end_ = false;           // of the present stream
  bool closing_newline_ = false;  // the block being read ends in a newline that the file lacks
  OldestFirst order_;
  TextTail tail_;
  FreeBlocks<TextBlock> free_blocks_;
  int64_t finished_stored_bytes_ = 0;
  std::atomic<int64_t> stored_bytes_{0};
  std::atomic<bool> stopped_{false};
};

// The physical line, counted from 1, of a byte of the block.
int64_t LineOf(const TextBlock& block, int64_t position, const Dialect& dialect);
// Bytes of text as they can stand in a message: cut to `bytes_max`, control characters as \n, \x01.
std::string Excerpt(const uint8_t* begin, const uint8_t* end, int64_t bytes_max = 60);
void AppendExcerpt(const uint8_t* begin, const uint8_t* end, std::string* text,
                   int64_t bytes_max = 60);

}  // namespace headrace
