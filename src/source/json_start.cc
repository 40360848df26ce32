#include "source/json_start.h"

#include <algorithm>

#include "base/ascii.h"

namespace headrace {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Takes the digits at the front off; false when there are none.
bool TakeDigits(std::string_view* text) {
  const auto end = std::find_if_not(text->begin(), text->end(), IsDigit);
  const auto count = static_cast<size_t>(end - text->begin());
  text->remove_prefix(count);
  return count > 0;
}

bool IsNumber(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  if (!TakeDigits(&word)) return false;
  if (word.starts_with('.')) {
    word.remove_prefix(1);
    if (!TakeDigits(&word)) return false;
  }
  if (word.starts_with('e') || word.starts_with('E')) {
    word.remove_prefix(1);
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    if (!TakeDigits(&word)) return false;
  }
  return word.empty();
}

// Role: reads values off the front of a text that may be cut off anywhere: where it ends everything
// fits.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  std::string_view rest() const { return text_; }

  // False when what follows is no value. Nesting is bounded by the length of the text.
  bool Value() {
    SkipBlanks();
    if (text_.empty()) return true;
    switch (text_.front()) {
      case '{':
        return List('}', /*with_names=*/true);
      case '[':
        return List(']', /*with_names=*/false);
      case '"':
        return Text();
      default:
        return Word();
    }
  }

  void SkipBlanks() {
    text_.remove_prefix(std::min(text_.find_first_not_of(kBlanks), text_.size()));
  }

 private:
  // True also at the end of the text.
  bool Take(char c) {
    SkipBlanks();
    if (text_.empty()) return true;
    if (text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool List(char close, bool with_names) {
    text_.remove_prefix(1);
    if (Take(close)) return true;
    while (true) {
      if (with_names && !(NextIsText() && Text() && Take(':'))) return false;
      if (!Value()) return false;
      if (Take(close)) return true;
      if (!Take(',')) return false;
    }
  }

  bool NextIsText() {
    SkipBlanks();
    return text_.empty() || text_.front() == '"';
  }

  bool Text() {
    for (size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return true;
      } else if (static_cast<unsigned char>(text_[i]) < 0x20) {
        return false;
      }
    }
    text_ = {};
    return true;
  }

  bool Word() {
    const size_t length = std::min(text_.find_first_of(" \t\r\n,]}"), text_.size());
    const std::string_view word = text_.substr(0, length);
    const bool cut = length == text_.size();
    text_.remove_prefix(length);
    for (std::string_view literal : {"true", "false", "null"}) {
      if (word == literal || (cut && literal.starts_with(word))) return true;
    }
    return IsNumber(word) ||
           (cut && word.find_first_not_of("0123456789+-.eE") == std::string_view::npos);
  }

  std::string_view text_;
};

}  // namespace

bool StartsAsJson(std::string_view start) {
  if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
  JsonReader reader(start);
  reader.SkipBlanks();
  if (reader.rest().empty()) return false;
  while (!reader.rest().empty()) {
    if (!reader.rest().starts_with('{') && !reader.rest().starts_with('[')) return false;
    if (!reader.Value()) return false;
    // The next one, if any, stands on a line of its own.
    const std::string_view rest = reader.rest();
    const size_t next = rest.find_first_not_of(kBlanks);
    if (next != std::string_view::npos && rest.substr(0, next).find('\n') == std::string_view::npos)
      return false;
    reader.SkipBlanks();
  }
  return true;
}

}  // namespace headrace
