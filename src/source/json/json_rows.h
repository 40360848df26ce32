// JsonRows: walks the rows of a block.
#pragma once

#include <string>
#include <vector>

#include "source/json/json_block_reader.h"
#include "source/json/json_cursor.h"

namespace headrace {

// Role: puts a cursor at the start of each row and says whether the row is one. Owner: the worker
// that reads the block. Threads: one.
class JsonRows {
 public:
  explicit JsonRows(const JsonBlock& block);

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
  // Moves behind a bad row, whose text is `row()` then.
  void Skip();

  const JsonCursor& cursor() const { return cursor_; }
  const uint8_t* row_begin() const { return row_begin_; }
  // Where a row that was read or skipped ends, without its line end.
  const uint8_t* row_end() const { return row_end_; }

 private:
  bool AtEnd();
  bool NoObject();
  bool CheckUtf8(bool good);
  const uint8_t* FindEnd() const;

  const JsonBlock& block_;
  JsonCursor cursor_;
  const uint8_t* row_begin_;
  const uint8_t* row_end_;
  const uint8_t* not_utf8_;  // the first byte from the row on that is not UTF-8; the end = none
};

// BadInput for the bad row that `rows` stands at.
Status JsonRowError(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                    const JsonRows& rows);

}  // namespace headrace
