#include "expr/regex_syntax.h"

#include "expr/errors.h"

namespace headrace::expr {
namespace {

Status Refuse(std::string_view what) {
  return MakeErrorFromMessage(ErrorKind::kInvalidPlan, kBadConstant,
                              fmt::format("{} in the regular expression", what));
}

// Walks a pattern piece by piece, knowing escapes, \Q...\E and character classes.
class Walker {
 public:
  explicit Walker(std::string_view pattern) : pattern_(pattern) {}

  // Next piece: one character, one escape, one whole class, or the "(" of a group with its "?..."
  // mark.
  std::string_view Next() {
    const size_t begin = at_;
    const char c = pattern_[at_++];
    if (c == '\\' && at_ < pattern_.size()) {
      if (pattern_[at_] == 'Q') {
        const size_t end = pattern_.find("\\E", at_);
        at_ = end == std::string_view::npos ? pattern_.size() : end + 2;
      } else {
        ++at_;
      }
    } else if (c == '[') {
      SkipClass();
    }
    return pattern_.substr(begin, at_ - begin);
  }
  bool done() const { return at_ >= pattern_.size(); }
  std::string_view rest() const { return pattern_.substr(at_); }
  void Skip(size_t bytes) { at_ += bytes; }

 private:
  void SkipClass() {
    if (at_ < pattern_.size() && pattern_[at_] == '^') ++at_;
    if (at_ < pattern_.size() && pattern_[at_] == ']') ++at_;
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      if (pattern_.substr(at_).starts_with("[:")) {
        const size_t end = pattern_.find(":]", at_);
        if (end != std::string_view::npos) at_ = end + 1;
      } else if (pattern_[at_] == '\\') {
        ++at_;
      }
      ++at_;
    }
    at_ = std::min(at_ + 1, pattern_.size());
  }

  std::string_view pattern_;
  size_t at_ = 0;
};

// Bytes of "?P<name>" or "?<name>" at the start; 0 when the group has no name.
size_t NameMarkBytes(std::string_view rest) {
  const size_t lead = rest.starts_with("?P<") ? 3 : rest.starts_with("?<") ? 2 : 0;
  if (lead == 0) return 0;
  const size_t close = rest.find('>');
  return close == std::string_view::npos ? 0 : close + 1;
}

}  // namespace

Status CheckRegexDialect(std::string_view pattern) {
  Walker walker(pattern);
  bool after_quantifier = false;
  while (!walker.done()) {
    const std::string_view piece = walker.Next();
    if (piece == "(") {
      const std::string_view rest = walker.rest();
      if (rest.starts_with("?=") || rest.starts_with("?!")) return Refuse("no look-ahead (?= (?!");
      if (rest.starts_with("?<=") || rest.starts_with("?<!"))
        return Refuse("no look-behind (?<= (?<!");
      if (rest.starts_with("?>")) return Refuse("no atomic groups (?>");
    }
    if (piece.size() == 2 && piece[0] == '\\' &&
        ((piece[1] >= '1' && piece[1] <= '9') || piece[1] == 'k')) {
      return Refuse("no back-references \\1 \\k");
    }
    if (piece == "+" && after_quantifier) return Refuse("no possessive quantifiers *+ ++ ?+");
    after_quantifier = piece == "*" || piece == "+" || piece == "?" || piece == "}";
  }
  return Status::OK();
}

GroupPattern IsolateGroup(std::string_view pattern, int64_t group) {
  GroupPattern out;
  Walker walker(pattern);
  while (!walker.done()) {
    const std::string_view piece = walker.Next();
    out.pattern += piece;
    if (piece != "(") continue;
    const size_t name_bytes = NameMarkBytes(walker.rest());
    if (name_bytes == 0 && walker.rest().starts_with("?"))
      continue;  // flags or a group that does not capture
    walker.Skip(name_bytes);
    out.pattern += ++out.groups == group ? "?P<g>" : "?:";
  }
  if (group == 0) out.pattern = "(?P<g>" + out.pattern + ")";
  return out;
}

Result<std::string> RewriteReplacement(std::string_view replacement, int64_t groups) {
  std::string out;
  const auto bad = [](std::string_view what) {
    return MakeErrorFromMessage(ErrorKind::kInvalidPlan, kBadConstant, std::string(what));
  };
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\') {
      if (++i == replacement.size())
        return bad("a backslash at the end of the replacement stands before nothing");
      out += replacement[i] == '\\' ? "\\\\" : std::string(1, replacement[i]);
    } else if (c == '$') {
      const bool braces = i + 1 < replacement.size() && replacement[i + 1] == '{';
      const size_t digit = i + (braces ? 2 : 1);
      const bool closed =
          !braces || (digit + 1 < replacement.size() && replacement[digit + 1] == '}');
      if (digit >= replacement.size() || replacement[digit] < '0' || replacement[digit] > '9' ||
          !closed) {
        return bad(
            "$ in the replacement stands before the number of a group; a dollar sign is written "
            "\\$");
      }
      if (replacement[digit] - '0' > groups) {
        return bad(fmt::format("the replacement names group {}, the regular expression has {}",
                               replacement[digit], groups));
      }
      out += fmt::format("\\{}", replacement[digit]);
      i = digit + (braces ? 1 : 0);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace headrace::expr
