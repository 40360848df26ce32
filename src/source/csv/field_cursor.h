// Walks one column of a range, field by field.
#pragma once

#include <cstdint>

#include "source/csv/dialect.h"
#include "source/csv/record_index.h"

namespace headrace {

struct FieldText {
  const uint8_t* begin;
  const uint8_t* end;
  bool empty() const { return begin == end; }
};

class FieldCursor {
 public:
  FieldCursor(const RecordRange& range, int column)
      : text_(range.text),
        at_(range.index + column),
        stride_(range.stride),
        trim_(range.trim_returns && column + 1 == range.columns) {}

  // The raw field (with its quotes) of the present row; then moves to the next row.
  FieldText Next() {
    const uint8_t* begin = text_ + static_cast<uint32_t>(at_[0] + 1);
    const uint8_t* end = text_ + at_[1];
    at_ += stride_;
    if (trim_ && end != begin && end[-1] == '\r') --end;
    return {begin, end};
  }

 private:
  const uint8_t* text_;
  const uint32_t* at_;
  const int64_t stride_;
  const bool trim_;
};

// Whether quotes stand around the field. One that begins with a quote and does not end with one is
// text as it stands; there are such only where mistaken quotes are repaired.
inline bool IsQuoted(FieldText field, int quote) {
  return !field.empty() && *field.begin == quote && field.end[-1] == quote &&
         field.end - field.begin > 1;
}
// Without them.
inline FieldText Unquoted(FieldText field) { return {field.begin + 1, field.end - 1}; }

}  // namespace headrace
