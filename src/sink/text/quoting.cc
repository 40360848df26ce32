#include <arrow/util/utf8.h>

#include <algorithm>
#include <array>

#include "sink/text/column_text.h"

namespace headrace {
namespace {

// Of JSON: 0 = as it is, 'u' = \u00XX, else the letter behind the backslash.
constexpr std::array<char, 256> JsonEscapes() {
  std::array<char, 256> escapes{};
  for (size_t byte = 0; byte < 0x20; ++byte) escapes[byte] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kJsonEscapes = JsonEscapes();

Status CheckText(std::string_view value) {
  [[maybe_unused]] static const bool is_ready = [] {
    arrow::util::InitializeUTF8();
    return true;
  }();
  if (arrow::util::ValidateUTF8(value)) return Status::OK();
  return MakeError(ErrorKind::kBadInput, 648,
                   "a text that is not valid UTF-8 cannot be written as text; clean the value "
                   "first: {} bytes",
                   value.size());
}

constexpr std::string_view kDelimiters = ",;|\t";

// Blanks at either end are kept by readers only in quotes, a byte order mark that begins a file
// would be taken for one, and a delimiter of other files for this file's own.
bool NeedsQuotes(std::string_view value, char delimiter) {
  if (value.empty() || value.front() == ' ' || value.back() == ' ' || value.front() == '\t' ||
      value.back() == '\t' || value.front() == '\xef' || value.front() == '#') {
    return true;
  }
  // Readers are told a tab by the name of the file, a comma they may have to guess.
  const std::string_view delimiters =
      delimiter == ',' ? kDelimiters : std::string_view(&delimiter, 1);
  for (const char c : value) {
    if (c == '"' || c == '\n' || c == '\r' || delimiters.find(c) != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

Status AppendCsvField(std::string_view value, char delimiter, TextBuffer* out) {
  ARROW_RETURN_NOT_OK(CheckText(value));
  if (value.find('\0') != std::string_view::npos) {
    return MakeError(
        ErrorKind::kBadInput, 661,
        "a text that holds a NUL byte cannot be written as CSV, whose readers refuse it; "
        "clean the value first, or write JSON lines: {} bytes",
        value.size());
  }
  if (!NeedsQuotes(value, delimiter)) return out->Append(value);
  const auto quotes = std::count(value.begin(), value.end(), '"');
  ARROW_RETURN_NOT_OK(out->Reserve(static_cast<int64_t>(value.size()) + quotes + 2));
  out->Put('"');
  for (size_t quote; (quote = value.find('"')) != value.npos; value.remove_prefix(quote + 1)) {
    out->Put(value.substr(0, quote + 1));
    out->Put('"');
  }
  out->Put(value);
  out->Put('"');
  return Status::OK();
}

Status AppendJsonString(std::string_view value, TextBuffer* out) {
  constexpr char kHex[] = "0123456789abcdef";
  ARROW_RETURN_NOT_OK(CheckText(value));
  int64_t more = 0;
  for (const char c : value) {
    const char escape = kJsonEscapes[static_cast<uint8_t>(c)];
    more += escape == 0 ? 0 : escape == 'u' ? 5 : 1;
  }
  ARROW_RETURN_NOT_OK(out->Reserve(static_cast<int64_t>(value.size()) + more + 2));
  out->Put('"');
  size_t begin = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<uint8_t>(value[i]);
    const char escape = kJsonEscapes[byte];
    if (escape == 0) continue;
    out->Put(value.substr(begin, i - begin));
    begin = i + 1;
    out->Put('\\');
    out->Put(escape);
    if (escape != 'u') continue;
    out->Put("00");
    out->Put(kHex[byte >> 4]);
    out->Put(kHex[byte & 15]);
  }
  out->Put(value.substr(begin));
  out->Put('"');
  return Status::OK();
}

}  // namespace headrace
