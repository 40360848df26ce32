#include "expr/lexer.h"

#include <arrow/util/utf8.h>

#include <array>

#include "base/ascii.h"
#include "expr/errors.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      SkipBlanks();
      Token token;
      token.begin = at_;
      if (at_ < Size()) ARROW_RETURN_NOT_OK(Next(&token));
      token.end = at_;
      tokens.push_back(std::move(token));
      if (tokens.back().kind == TokenKind::kEnd) return tokens;
    }
  }

 private:
  int64_t Size() const { return static_cast<int64_t>(text_.size()); }
  char Peek(int64_t ahead = 0) const { return at_ + ahead < Size() ? text_[at_ + ahead] : '\0'; }
  void SkipBlanks() {
    while (at_ < Size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) ++at_;
  }
  Status Error(int64_t begin, int64_t end, std::string_view what, std::string_view advice) const {
    return ErrorInText(kSyntaxError, text_, begin, end, what, advice);
  }

  Status Next(Token* token) {
    const char c = Peek();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number(token);
    if (c == '\'') return Quoted(token, TokenKind::kString);
    if (c == '"' || c == '`') return Quoted(token, TokenKind::kQuotedIdentifier);
    if (IsWordStart(c)) {
      while (IsWordPart(Peek())) ++at_;
      token->kind = TokenKind::kIdentifier;
      token->text = text_.substr(token->begin, at_ - token->begin);
      token->upper = UpperAscii(token->text);
      return Status::OK();
    }
    return Symbol(token);
  }

  Status Number(Token* token) {
    token->kind = TokenKind::kInteger;
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.') {
      token->kind = TokenKind::kDecimal;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    const int64_t sign = Peek(1) == '+' || Peek(1) == '-';
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      token->kind = TokenKind::kReal;
      at_ += 1 + sign;
      while (IsDigit(Peek())) ++at_;
    }
    if (IsWordPart(Peek()) || Peek() == '.') {
      while (IsWordPart(Peek()) || Peek() == '.') ++at_;
      return Error(token->begin, at_, "malformed number", "numbers are written 12, 1.5 or 1.5e3");
    }
    token->text = text_.substr(token->begin, at_ - token->begin);
    return Status::OK();
  }

  Status Quoted(Token* token, TokenKind kind) {
    const char quote = text_[at_++];
    token->kind = kind;
    while (true) {
      const size_t close = text_.find(quote, at_);
      if (close == std::string_view::npos) {
        const int64_t begin = token->begin;
        at_ = Size();
        return Error(begin, Size(), "quote never closed", "a quote inside is written twice");
      }
      token->text += text_.substr(at_, close - at_);
      at_ = static_cast<int64_t>(close) + 1;
      if (Peek() != quote) break;
      token->text += quote;
      ++at_;
    }
    if (kind == TokenKind::kQuotedIdentifier && token->text.empty()) {
      return Error(token->begin, at_, "empty column name", "text is written in single quotes: ''");
    }
    return Status::OK();
  }

  Status Symbol(Token* token) {
    constexpr std::array<std::string_view, 6> kTwo = {"<>", "!=", "<=", ">=", "||", "::"};
    constexpr std::string_view kOne = "+-*/%=<>(),.";
    const std::string_view two = text_.substr(at_, 2);
    if (two == "--" || two == "/*") {
      return Error(at_, at_ + 2, "comments are not part of an expression",
                   two == "--" ? "a double minus is written - -x" : "leave it out");
    }
    if (two == "==") return Error(at_, at_ + 2, "unknown operator '=='", "equality is written =");
    token->kind = TokenKind::kSymbol;
    for (const std::string_view symbol : kTwo) {
      if (two == symbol) {
        token->text = symbol == "!=" ? "<>" : symbol;
        at_ += 2;
        return Status::OK();
      }
    }
    if (kOne.find(text_[at_]) == std::string_view::npos) {
      return Error(at_, at_ + 1, "unexpected character",
                   "column names with other characters stand in double quotes");
    }
    token->text = text_[at_++];
    return Status::OK();
  }

  std::string_view text_;
  int64_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text) {
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(text)) {
    return MakeError(ErrorKind::kInvalidPlan, kSyntaxError,
                     "the expression is not valid UTF-8; save it as UTF-8");
  }
  return Lexer(text).Run();
}

bool IsReservedWord(std::string_view upper) {
  constexpr std::array<std::string_view, 21> kReserved = {
      "AND",  "OR",   "NOT",  "IN",   "BETWEEN", "LIKE", "ILIKE",    "IS", "NULL", "TRUE",  "FALSE",
      "CASE", "WHEN", "THEN", "ELSE", "END",     "CAST", "TRY_CAST", "AS", "FROM", "ESCAPE"};
  return std::find(kReserved.begin(), kReserved.end(), upper) != kReserved.end();
}

bool IsBareIdentifier(std::string_view name) {
  constexpr std::array<std::string_view, 7> kStartsLiteral = {
      "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "DIV", "INTERVAL", "DISTINCT"};
  if (name.empty() || !IsWordStart(name.front())) return false;
  if (!std::all_of(name.begin(), name.end(), IsWordPart)) return false;
  const std::string upper = UpperAscii(name);
  return !IsReservedWord(upper) &&
         std::find(kStartsLiteral.begin(), kStartsLiteral.end(), upper) == kStartsLiteral.end();
}

}  // namespace headrace::expr
