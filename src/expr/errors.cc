#include "expr/errors.h"

#include "base/one_line.h"

namespace headrace::expr {
namespace {

constexpr int64_t kContextBytes = 60;  // text kept on each side of the marked range
constexpr int64_t kMarkedBytes = 80;   // text kept of the range itself

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Moves left until a code point starts there, so that no character is cut in two.
int64_t AlignLeft(std::string_view text, int64_t at) {
  while (at > 0 && at < static_cast<int64_t>(text.size()) && !StartsCodePoint(text[at])) --at;
  return at;
}

int64_t CodePoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), StartsCodePoint);
}

struct Excerpt {
  std::string before, marked, after;
};

Excerpt Cut(std::string_view text, int64_t begin, int64_t end) {
  const int64_t size = static_cast<int64_t>(text.size());
  Excerpt out;
  const int64_t from = AlignLeft(text, std::max<int64_t>(0, begin - kContextBytes));
  const int64_t to = AlignLeft(text, std::min(size, end + kContextBytes));
  out.before = (from > 0 ? "..." : "") + OneLine(text.substr(from, begin - from));
  if (end - begin > kMarkedBytes) {
    const int64_t cut = AlignLeft(text, begin + kMarkedBytes);
    out.marked = OneLine(text.substr(begin, cut - begin)) + "...";
  } else {
    out.marked = OneLine(text.substr(begin, end - begin));
  }
  out.after = OneLine(text.substr(end, to - end)) + (to < size ? "..." : "");
  return out;
}

}  // namespace

Status ErrorInText(ErrorCode code, std::string_view text, int64_t begin, int64_t end,
                   std::string_view what, std::string_view advice) {
  const int64_t size = static_cast<int64_t>(text.size());
  begin = AlignLeft(text, std::clamp<int64_t>(begin, 0, size));
  end = std::clamp<int64_t>(end, begin, size);
  while (end < size && !StartsCodePoint(text[end])) ++end;
  const Excerpt cut = Cut(text, begin, end);
  std::string message =
      fmt::format("{} at {}: {}>>>{}<<<{}", what, CodePoints(text.substr(0, begin)) + 1, cut.before,
                  cut.marked, cut.after);
  if (!advice.empty()) message += fmt::format("; {}", advice);
  const std::string line = cut.before + cut.marked + cut.after;
  const std::string caret = std::string(CodePoints(cut.before), ' ') +
                            std::string(std::max<int64_t>(1, CodePoints(cut.marked)), '^');
  return WithSnippet(MakeErrorFromMessage(ErrorKind::kInvalidPlan, code, std::move(message)),
                     line + "\n" + caret);
}

Status ErrorAt(const Expr& node, ErrorCode code, std::string_view what, std::string_view advice) {
  return ErrorInText(code, node.source(), node.begin(), node.end(), what, advice);
}

std::string FormatWithCaret(const Status& status) {
  const std::string snippet = GetErrorSnippet(status);
  if (snippet.empty()) return FormatError(status);
  std::string out = FormatError(status) + "\n  ";
  for (char c : snippet) {
    out += c;
    if (c == '\n') out += "  ";
  }
  return out;
}

}  // namespace headrace::expr
