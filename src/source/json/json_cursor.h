// JsonCursor: reads JSON text token by token and checks all of it on the way.
//
// One pass over the bytes, no index beside them: what a line costs in memory is the line. Every
// byte is checked, also of values that nobody wants, so a bad row is bad whatever is asked for.
#pragma once

#include <cstdint>
#include <string>

#include "source/csv/structure_scan.h"

namespace headrace {

// Deeper nesting is refused: every level is a call on the stack and a level of the schema.
inline constexpr int kJsonDepthMax = 100;

// How the values of a text stand beside each other.
enum class JsonFraming : uint8_t {
  kLines,      // each on a line of its own
  kDocuments,  // one after the other, over as many lines as each takes
  kArray,      // elements of one array around them all
};

// The text between the quotes of a string, as written.
struct JsonString {
  const uint8_t* begin = nullptr;
  const uint8_t* end = nullptr;
  bool escaped = false;  // a backslash stands in it
};

enum class JsonProblem : uint8_t {
  kNone,
  kInvalid,
  kTooDeep,
  kNotAnObject,
  kNotUtf8,
  kTooLong,
  kRowTooLong,
  kRepeatedKey,
  kUnknownKey,
  kTooManyKeys
};

// Role: a place in a text and what is wrong there. The text ends in a 0 byte that does not count,
// and kTextPadding bytes around it are readable. Owner: a worker. Threads: one. Errors: every
// reader returns false and fills `problem`, `reason` and `problem_at`; the place is then undefined.
class JsonCursor {
 public:
  JsonCursor(const uint8_t* begin, const uint8_t* end, JsonFraming framing)
      : at(begin), end(end), newline_is_blank(framing != JsonFraming::kLines) {}

  void SkipBlanks() {
    while (*at <= ' ' && IsBlank(*at)) ++at;
  }
  // The token `c` and the blanks around it.
  bool Expect(uint8_t c, const char* expected) {
    SkipBlanks();
    if (*at != c) [[unlikely]]
      return Unexpected(expected);
    ++at;
    SkipBlanks();
    return true;
  }

  // A string whose opening quote is here.
  bool String(JsonString* out);
  // A number, or one of true, false and null, that begins here.
  bool Scalar();
  // Any value that begins here.
  bool SkipValue();

  // The elements of an array or the members of an object, whose bracket is here. `each` reads one
  // and returns false where it fails; for an object it begins at the key.
  template <class Each>
  bool Items(uint8_t close, const char* what, Each&& each) {
    if (++depth_ > kJsonDepthMax) return Fail(JsonProblem::kTooDeep, at, "");
    ++at;
    SkipBlanks();
    if (*at != close) {
      while (true) {
        if (!each()) return false;
        SkipBlanks();
        if (*at == close) break;
        if (*at != ',') [[unlikely]]
          return Unexpected(what);
        ++at;
        SkipBlanks();
      }
    }
    ++at;
    --depth_;
    return true;
  }
  template <class Each>
  bool Elements(Each&& each) {
    return Items(']', "',' or ']'", each);
  }
  template <class Each>
  bool Members(Each&& each) {
    return Items('}', "',' or '}'", [&] {
      if (*at != '"') [[unlikely]]
        return Unexpected("a key in quotes");
      return each();
    });
  }

  // What stands here cannot be what was `expected`.
  bool Unexpected(const char* expected);
  bool Fail(JsonProblem what, const uint8_t* where, std::string why);

  const uint8_t* at;
  const uint8_t* const end;
  const bool newline_is_blank;

  JsonProblem problem = JsonProblem::kNone;
  const uint8_t* problem_at = nullptr;
  std::string reason;

 private:
  bool IsBlank(uint8_t c) const {
    return c == ' ' || c == '\t' || c == '\r' || (c == '\n' && newline_is_blank);
  }
  bool Escape(const uint8_t** place);
  bool Number();
  int depth_ = 0;
};

// Writes the text that the string stands for and returns its end. Room for as many bytes as it is
// written with is enough. The string has been read by a cursor.
uint8_t* DecodeJsonString(const JsonString& text, uint8_t* out);

}  // namespace headrace
