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

JsonRows::JsonRows(const JsonBlock& block, int64_t row_bytes_max)
    : block_(block),
      row_bytes_max_(row_bytes_max),
      cursor_(block.text(), block.end(), block.framing),
      row_begin_(block.text()),
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
  if (cursor_.at - row_begin_ > row_bytes_max_) [[unlikely]]
    return cursor_.Fail(
        JsonProblem::kRowTooLong, row_begin_,
        fmt::format("a row of {} bytes, the limit is {}", cursor_.at - row_begin_, row_bytes_max_));
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
  const uint8_t* const end = good ? cursor_.at : JsonRowEnd(block_, row_begin_);
  if (not_utf8_ >= end) return good;
  return cursor_.Fail(JsonProblem::kNotUtf8, not_utf8_, fmt::format("byte 0x{:02x}", *not_utf8_));
}

bool JsonRows::Check() {
  if (!Read([](JsonCursor* cursor) { return cursor->SkipValue(); })) return false;
  cursor_.at = row_begin_;
  return true;
}

void JsonRows::Skip() {
  const uint8_t* const row_end = JsonRowEnd(block_, row_begin_);
  cursor_.at = row_end;
  cursor_.problem = JsonProblem::kNone;
  if (not_utf8_ < row_end) not_utf8_ = FindNotUtf8(row_end, cursor_.end);
}

const uint8_t* JsonRowEnd(const JsonBlock& block, const uint8_t* row_begin) {
  if (block.framing != JsonFraming::kLines)
    return row_begin + JsonValueBytes(row_begin, block.end());
  const uint8_t* at = std::find(row_begin, block.end(), '\n');
  while (at != row_begin && at[-1] == '\r') --at;
  return at;
}

namespace {

// What stands at the problem, for a message: of this row and line, and whole characters.
std::string TextNear(const JsonBlock& block, const JsonRows& rows) {
  const auto inside_character = [](const uint8_t* at) { return (*at & 0xc0) == 0x80; };
  const uint8_t* near = std::max(rows.row_begin(), rows.cursor().problem_at - 20);
  while (near > rows.row_begin() && inside_character(near)) --near;
  const uint8_t* const row_end = std::max(near, JsonRowEnd(block, rows.row_begin()));
  const uint8_t* end = std::min(std::find(near, row_end, '\n'), near + 60);
  while (end > near && inside_character(end)) --end;
  return Excerpt(near, end);
}

}  // namespace

Status JsonRowError(const std::vector<JsonInput>& inputs, const JsonBlock& block,
                    const JsonRows& rows) {
  const JsonCursor& cursor = rows.cursor();
  const std::string place = JsonPlace(inputs, block, cursor.problem_at);
  switch (cursor.problem) {
    case JsonProblem::kTooDeep:
      return MakeError(ErrorKind::kBadInput, 442,
                       "a row is nested too deep; flatten it: {}: more than {} levels", place,
                       kJsonDepthMax);
    case JsonProblem::kNotAnObject:
      return MakeError(ErrorKind::kBadInput, 443,
                       "a row is not a JSON object; every row must be one, {{\"name\": value, "
                       "...}}: {}: {}: '{}'",
                       place, cursor.reason, TextNear(block, rows));
    case JsonProblem::kNotUtf8:
      return MakeError(ErrorKind::kBadInput, 406,
                       "text is not UTF-8; name its encoding, e.g. --encoding latin-1 or "
                       "windows-1252: {}: {}",
                       place, cursor.reason);
    case JsonProblem::kRepeatedKey:
      return MakeError(ErrorKind::kBadInput, 446,
                       "a key stands in one object twice, and either value would be lost; give one "
                       "of them another key: {}: {}",
                       place, cursor.reason);
    case JsonProblem::kUnknownKey:
      return MakeError(ErrorKind::kBadInput, 447,
                       "a key that the input does not begin with has no type, and all others were "
                       "given one; give it a type too, with --types: {}: {}",
                       place, cursor.reason);
    case JsonProblem::kTooLong:
    case JsonProblem::kRowTooLong:
      return MakeError(ErrorKind::kBadInput, 405,
                       "a value is longer than allowed; is a quote never closed?: {}: {}", place,
                       cursor.reason);
    default:
      return MakeError(ErrorKind::kBadInput, 441,
                       "a row is not valid JSON; mend it, or say --from csv if this is no JSON: "
                       "{}: {}: near '{}'",
                       place, cursor.reason, TextNear(block, rows));
  }
}

RejectCode JsonRejectCode(JsonProblem problem) {
  switch (problem) {
    case JsonProblem::kTooDeep:
      return RejectCode::kNestedTooDeep;
    case JsonProblem::kNotAnObject:
      return RejectCode::kNotAnObject;
    case JsonProblem::kNotUtf8:
      return RejectCode::kInvalidUtf8;
    case JsonProblem::kTooLong:
      return RejectCode::kFieldTooLong;
    case JsonProblem::kRowTooLong:
      return RejectCode::kRecordTooLong;
    case JsonProblem::kRepeatedKey:
      return RejectCode::kRepeatedKey;
    default:
      return RejectCode::kInvalidJson;
  }
}

std::string JsonRejectReason(const JsonBlock& block, const JsonRows& rows) {
  const JsonCursor& cursor = rows.cursor();
  const int64_t at = block.offset + (cursor.problem_at - block.text());
  switch (cursor.problem) {
    case JsonProblem::kTooDeep:
      return fmt::format("more than {} levels at byte {}", kJsonDepthMax, at);
    case JsonProblem::kNotUtf8:
      return fmt::format("{} at byte {} is not UTF-8", cursor.reason, at);
    case JsonProblem::kRepeatedKey:
      return fmt::format("the key {} at byte {} stands in its object twice", cursor.reason, at);
    case JsonProblem::kInvalid:
      return fmt::format("{} at byte {}: near '{}'", cursor.reason, at, TextNear(block, rows));
    default:
      return cursor.reason;
  }
}

}  // namespace headrace
