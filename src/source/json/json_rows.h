// JsonRows: walks the rows of a block.
#pragma once

#include <string>
#include <vector>

#include "source/json/json_block_reader.h"
#include "source/json/json_cursor.h"
#include "source/rejects.h"

namespace headrace {

// Role: puts a cursor at the start of each row and says whether the row is one. Owner: the worker
// that reads the block. Threads: one.
class JsonRows {
 public:
  JsonRows(const JsonBlock& block, int64_t row_bytes_max);

  // Moves to the next row; false at the end of the block.
  bool Next();
  // Reads the row with `each`, which takes the cursor at the row's brace and returns false where
  // it fails. False for a bad row: the cursor says what is wrong.
  template <class Each>
  bool Read(Each&& each) {
    const bool good = *cursor_.at == '{' ? each(&cursor_) && AtEnd() : NoObject();
    if (good && cursor_.at <= not_utf8_) [[likely]]
      return true;
    return CheckUtf8(good);
  }
  // Checks the row and leaves the cursor at its start again.
  bool Check();
  // Moves behind a bad row.
  void Skip();

  const JsonCursor& cursor() const { return cursor_; }
  const uint8_t* row_begin() const { return row_begin_; }

 private:
  bool AtEnd();
  bool NoObject();
  bool CheckUtf8(bool good);

  const JsonBlock& block_;
  const int64_t row_bytes_max_;
  JsonCursor cursor_;
  const uint8_t* row_begin_;
  const uint8_t* not_utf8_;  // the first byte from the row on that is not UTF-8; the end = none
};

// Where the row that begins here ends, good or bad, without its line end.
const uint8_t* JsonRowEnd(const JsonBlock& block, const uint8_t* row_begin);

// BadInput for the bad row that `rows` stands at.
Status JsonRowError(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                    const JsonRows& rows);

// The same for the quarantine: why, and a few words that say it.
RejectCode JsonRejectCode(JsonProblem problem);
std::string JsonRejectReason(const JsonBlock& block, const JsonRows& rows);

}  // namespace headrace
