#include "expr/like.h"

#include <cstring>

#include "expr/errors.h"
#include "expr/string_kernels.h"

namespace headrace::expr {

namespace {

Status BadPattern(std::string_view what) {
  return MakeErrorFromMessage(ErrorKind::kInvalidPlan, kBadConstant, std::string(what));
}

Status CheckEscape(std::optional<std::string_view> escape) {
  return escape && CodePointCount(*escape) != 1 ? BadPattern("ESCAPE takes one character")
                                                : Status::OK();
}

// What stands at `at`, behind an escape character, has to be one that means something else without.
Status CheckEscaped(std::string_view pattern, size_t at, std::string_view escape) {
  const bool known = at < pattern.size() && (pattern[at] == '%' || pattern[at] == '_' ||
                                             pattern.substr(at).starts_with(escape));
  return known ? Status::OK()
               : BadPattern("the escape character stands before %, _ or itself only");
}

}  // namespace

Result<std::string> LikePattern::WithNeutralEscape(std::string_view pattern,
                                                   std::optional<std::string_view> escape) {
  ARROW_RETURN_NOT_OK(CheckEscape(escape));
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const bool escaped = escape && pattern.substr(i).starts_with(*escape);
    if (escaped) {
      i += escape->size();
      ARROW_RETURN_NOT_OK(CheckEscaped(pattern, i, *escape));
    }
    const std::string_view character = pattern.substr(i, CodePointOffset(pattern.substr(i), 1));
    const bool is_wild = character == "%" || character == "_";
    if ((escaped && is_wild) || character == kNeutralEscape) out += kNeutralEscape;
    out += character;
    i += character.size();
  }
  return out;
}

Result<LikePattern> LikePattern::Compile(std::string_view pattern,
                                         std::optional<std::string_view> escape) {
  ARROW_RETURN_NOT_OK(CheckEscape(escape));
  LikePattern out;
  for (size_t i = 0; i < pattern.size();) {
    Symbol symbol = pattern[i] == '%'   ? Symbol::kMany
                    : pattern[i] == '_' ? Symbol::kOne
                                        : Symbol::kByte;
    if (escape && pattern.substr(i).starts_with(*escape)) {
      i += escape->size();
      ARROW_RETURN_NOT_OK(CheckEscaped(pattern, i, *escape));
      symbol = Symbol::kByte;
    }
    const size_t end = symbol == Symbol::kByte ? i + CodePointOffset(pattern.substr(i), 1) : i + 1;
    for (; i < end; ++i) {
      // Several % in a row are one.
      if (symbol == Symbol::kMany && !out.symbols_.empty() &&
          out.symbols_.back() == static_cast<char>(Symbol::kMany))
        continue;
      out.bytes_ += pattern[i];
      out.symbols_ += static_cast<char>(symbol);
    }
  }
  constexpr char kMany = static_cast<char>(Symbol::kMany);
  const size_t first_wild = out.symbols_.find_first_not_of(static_cast<char>(Symbol::kByte));
  out.prefix_ = out.bytes_.substr(0, first_wild);
  const bool many_first = !out.symbols_.empty() && out.symbols_.front() == kMany;
  const bool many_last = out.symbols_.size() > 1 && out.symbols_.back() == kMany;
  const size_t begin = many_first ? 1 : 0;
  const size_t end = out.symbols_.size() - (many_last ? 1 : 0);
  const bool plain =
      out.symbols_.substr(begin, end - begin).find_first_not_of(static_cast<char>(Symbol::kByte)) ==
      std::string::npos;
  if (!plain) {
    out.form_ = Form::kGeneral;
    return out;
  }
  out.literal_ = out.bytes_.substr(begin, end - begin);
  out.form_ = many_first ? (many_last ? Form::kContains : Form::kSuffix)
                         : (many_last ? Form::kPrefix : Form::kExact);
  return out;
}

bool LikePattern::Matches(std::string_view text) const {
  switch (form_) {
    case Form::kExact:
      return text == literal_;
    case Form::kPrefix:
      return text.starts_with(literal_);
    case Form::kSuffix:
      return text.ends_with(literal_);
    case Form::kContains:
      return memmem(text.data(), text.size(), literal_.data(), literal_.size()) != nullptr ||
             literal_.empty();
    case Form::kGeneral:
      break;
  }
  return MatchesGeneral(text);
}

// Only the last % needs to be taken back: what an earlier one could win, the later one wins too.
bool LikePattern::MatchesGeneral(std::string_view text) const {
  constexpr size_t kNone = std::string_view::npos;
  size_t at = 0, symbol = 0, retry_symbol = kNone, retry_at = 0;
  while (true) {
    bool step = false;
    if (symbol < symbols_.size()) {
      switch (static_cast<Symbol>(symbols_[symbol])) {
        case Symbol::kMany:
          retry_symbol = ++symbol;
          retry_at = at;
          continue;
        case Symbol::kOne:
          if (at < text.size()) {
            at += CodePointOffset(text.substr(at), 1);
            ++symbol;
            step = true;
          }
          break;
        case Symbol::kByte:
          if (at < text.size() && text[at] == bytes_[symbol]) {
            ++at;
            ++symbol;
            step = true;
          }
          break;
      }
    } else if (at == text.size()) {
      return true;
    }
    if (step) continue;
    if (retry_symbol == kNone || retry_at >= text.size()) return false;
    retry_at += CodePointOffset(text.substr(retry_at), 1);
    at = retry_at;
    symbol = retry_symbol;
  }
}

}  // namespace headrace::expr
