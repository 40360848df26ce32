#include "source/json/json_rows.h"

#include <algorithm>

#include "source/csv/block_reader.h"
#include "source/text/encoding.h"

namespace headrace {
namespace {

const uint8_t* FindNotUtf8(const uint8_t* begin, const uint8_t* end) {
  const int64_t at = FindInvalidUtf8(begin, end - begin);
  return at < 0 ? end : begin + at;
}

}  // namespace

JsonRows::JsonRows(const JsonBlock& block)
    : block_(block),
      cursor_(block.text(), block.end(), block.framing),
      row_begin_(block.text()),
      row_end_(block.text()),
      not_utf8_(FindNotUtf8(block.text(), block.end())) {}

bool JsonRows::Next() {
  while (cursor_.at != cursor_.end &&
         (*cursor_.at == '\n' || *cursor_.at == '\r' || *cursor_.at == ' ' || *cursor_.at == '\t'))
    ++cursor_.at;
  row_begin_ = cursor_.at;
  return cursor_.at != cursor_.end;
}

// On a line of its own nothing may follow the object.
bool JsonRows::AtEnd() {
  row_end_ = cursor_.at;
  if (cursor_.newline_is_blank) return true;
  cursor_.SkipBlanks();
  if (*cursor_.at == '\n') {
    ++cursor_.at;
    return true;
  }
  return cursor_.at == cursor_.end || cursor_.Unexpected("the end of the line");
}

bool JsonRows::NoObject() {
  const char* what = *row_begin_ == '[' ? "an array" : *row_begin_ == '"' ? "a string" : "a value";
  return cursor_.SkipValue() && AtEnd() &&
         cursor_.Fail(JsonProblem::kNotAnObject, row_begin_, fmt::format("{} of its own", what));
}

// Called for every row that may be a bad one. Wrong bytes come before whatever else is wrong.
bool JsonRows::CheckUtf8(bool good) {
  const uint8_t* const end = good ? cursor_.at : FindEnd();
  if (not_utf8_ >= end) return good;
  return cursor_.Fail(JsonProblem::kNotUtf8, not_utf8_, fmt::format("byte 0x{:02x}", *not_utf8_));
}

bool JsonRows::Check() {
  if (!Read([](JsonCursor* cursor) { return cursor->SkipValue(); })) return false;
  cursor_.at = row_begin_;
  return true;
}

void JsonRows::Skip() {
  row_end_ = FindEnd();
  cursor_.at = row_end_;
  cursor_.problem = JsonProblem::kNone;
  if (not_utf8_ < row_end_) not_utf8_ = FindNotUtf8(row_end_, cursor_.end);
}

const uint8_t* JsonRows::FindEnd() const {
  const uint8_t* const end = cursor_.end;
  if (block_.framing == JsonFraming::kLines) {
    const uint8_t* at = std::find(row_begin_, end, '\n');
    while (at != row_begin_ && at[-1] == '\r') --at;
    return at;
  }
  return row_begin_ + JsonValueBytes(row_begin_, end);
}

Status JsonRowError(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                    const JsonRows& rows) {
  const JsonCursor& cursor = rows.cursor();
  const std::string place = JsonPlace(inputs, block, cursor.problem_at);
  const uint8_t* near = std::max(rows.row_begin(), cursor.problem_at - 20);
  while (near > rows.row_begin() && (*near & 0xc0) == 0x80) --near;
  const uint8_t* const line_end = std::find(near, block.end(), '\n');
  const std::string text = Excerpt(near, std::max(near, std::min(line_end, near + 60)));
  switch (cursor.problem) {
    case JsonProblem::kTooDeep:
      return MakeError(ErrorKind::kBadInput, 442,
                       "a row is nested too deep; flatten it: {}: more than {} levels", place,
                       kJsonDepthMax);
    case JsonProblem::kNotAnObject:
      return MakeError(ErrorKind::kBadInput, 443,
                       "a row is not a JSON object; every row must be one, {{\"name\": value, "
                       "...}}: {}: {}: '{}'",
                       place, cursor.reason, text);
    case JsonProblem::kNotUtf8:
      return MakeError(ErrorKind::kBadInput, 406,
                       "text is not UTF-8; name its encoding, e.g. --encoding latin-1 or "
                       "windows-1252: {}: {}",
                       place, cursor.reason);
    case JsonProblem::kTooLong:
      return MakeError(ErrorKind::kBadInput, 405,
                       "a value is longer than allowed; is a quote never closed?: {}: {}", place,
                       cursor.reason);
    default:
      return MakeError(ErrorKind::kBadInput, 441,
                       "a row is not valid JSON; mend it, or say --from csv if this is no JSON: "
                       "{}: {}: near '{}'",
                       place, cursor.reason, text);
  }
}

}  // namespace headrace
