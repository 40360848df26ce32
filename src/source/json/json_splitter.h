// JsonSplitter: finds where whole values of a JSON text end, however they are laid out.
#pragma once

#include <cstdint>

#include "source/json/json_cursor.h"

namespace headrace {

// Role: walks the bytes of one input by brackets and quotes alone, from any byte to any later one,
// and knows where the last whole value ended. The brackets and commas of an array around all
// values are blanked out, so that what reads the values sees them one after the other. Whether a
// value is right is not looked at. Owner: the block reader. Threads: one.
class JsonSplitter {
 public:
  explicit JsonSplitter(JsonFraming framing) : framing_(framing) {}

  // Goes on through text[from, to). `text` is the block that the present value begins in.
  void Scan(uint8_t* text, int64_t from, int64_t to);
  // The input ends here: a value that only a blank could end is whole.
  void Finish(int64_t length);
  // What is behind the last whole value stands at the start of the next block.
  void Shift(int64_t bytes);

  // Bytes of the text that hold whole values and nothing else.
  int64_t whole_bytes() const { return whole_bytes_; }
  // A byte that cannot stand between the elements of the array; -1 = none so far.
  int64_t misplaced_at() const { return misplaced_at_; }
  const char* expected() const { return expected_; }
  bool inside_value() const { return depth_ > 0 || in_string_; }
  // At the end of the input: the array is not closed.
  bool unfinished() const {
    return framing_ == JsonFraming::kArray && place_ != Place::kBehindArray;
  }

 private:
  enum class Place : uint8_t {
    kBeforeArray,
    kFirstElement,
    kElement,
    kBehindElement,
    kBehindArray
  };
  friend int64_t JsonValueBytes(const uint8_t* begin, const uint8_t* end);
  void Begin(uint8_t c);
  int64_t Inside(const uint8_t* text, int64_t from, int64_t to);
  bool Between(uint8_t* text, int64_t at);
  void EndValue(int64_t position);

  const JsonFraming framing_;
  Place place_ = Place::kBeforeArray;
  int64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_word_ = false;  // in a value without brackets or quotes
  int64_t whole_bytes_ = 0;
  int64_t misplaced_at_ = -1;
  const char* expected_ = "";
};

// Bytes of the value that the text begins with, by its brackets and quotes.
int64_t JsonValueBytes(const uint8_t* begin, const uint8_t* end);

// How the values of the text are laid out, by its start. `whole` = the text ends there.
JsonFraming DetectJsonFraming(const uint8_t* begin, const uint8_t* end, bool whole);

}  // namespace headrace
