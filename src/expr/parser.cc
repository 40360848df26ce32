#include "expr/parser.h"

namespace headrace::expr {

Result<ExprPtr> Parse(std::string_view text) {
  if (static_cast<int64_t>(text.size()) > kMaxTextBytes) {
    return MakeError(
        ErrorKind::kInvalidPlan, kTooComplex,
        "the expression is too long: {} bytes, at most {}; derive intermediate columns",
        text.size(), kMaxTextBytes);
  }
  ARROW_ASSIGN_OR_RAISE(auto tokens, Tokenize(text));
  return Parser(text, std::move(tokens)).Run();
}

Result<ExprPtr> Parser::Run() {
  if (Current().kind == TokenKind::kEnd) return ErrorHere("empty expression");
  ARROW_ASSIGN_OR_RAISE(auto out, ParseExpression());
  if (Current().kind != TokenKind::kEnd) return ErrorHere("expected an operator or the end");
  return out;
}

bool Parser::TakeSymbol(std::string_view symbol) {
  if (!AtSymbol(symbol)) return false;
  ++at_;
  return true;
}

bool Parser::TakeWord(std::string_view upper) {
  if (!AtWord(upper)) return false;
  ++at_;
  return true;
}

Status Parser::ExpectSymbol(std::string_view symbol, std::string_view after) {
  if (TakeSymbol(symbol)) return Status::OK();
  return ErrorHere(fmt::format("expected '{}' {}", symbol, after));
}

Status Parser::ExpectWord(std::string_view upper, std::string_view after) {
  if (TakeWord(upper)) return Status::OK();
  return ErrorHere(fmt::format("expected {} {}", upper, after));
}

Status Parser::ErrorHere(std::string_view what, std::string_view advice) const {
  const Token& token = Current();
  const std::string found = token.kind == TokenKind::kEnd ? ", found the end" : "";
  return ErrorInText(kSyntaxError, *source_, token.begin, token.end,
                     fmt::format("{}{}", what, found), advice);
}

Result<ExprPtr> Parser::Make(ExprFields fields, int64_t begin) {
  fields.source = source_;
  fields.begin = begin;
  fields.end = at_ > 0 ? tokens_[at_ - 1].end : begin;
  auto node = std::make_shared<const Expr>(std::move(fields));
  if (node->depth() > kMaxDepth) {
    return ErrorAt(*node, kTooComplex, fmt::format("more than {} levels of operators", kMaxDepth),
                   "derive intermediate columns");
  }
  return node;
}

Result<ExprPtr> Parser::MakeCall(std::string name, std::vector<ExprPtr> children, int64_t begin) {
  ExprFields fields;
  fields.kind = ExprKind::kCall;
  fields.name = std::move(name);
  fields.children = std::move(children);
  return Make(std::move(fields), begin);
}

Result<ExprPtr> Parser::ParseExpression() {
  NestingGuard guard(&nesting_);
  if (nesting_ > kMaxDepth) {
    return ErrorInText(kTooComplex, *source_, Current().begin, Current().end,
                       fmt::format("more than {} levels of nesting", kMaxDepth),
                       "derive intermediate columns");
  }
  const int64_t begin = Current().begin;
  ARROW_ASSIGN_OR_RAISE(auto first, ParseAnd());
  if (!AtWord("OR")) return first;
  // One node for the whole chain: a thousand alternatives are wide, not deep.
  std::vector<ExprPtr> terms = {std::move(first)};
  while (TakeWord("OR")) {
    ARROW_ASSIGN_OR_RAISE(auto next, ParseAnd());
    terms.push_back(std::move(next));
  }
  return MakeCall("or", std::move(terms), begin);
}

Result<ExprPtr> Parser::ParseAnd() {
  const int64_t begin = Current().begin;
  ARROW_ASSIGN_OR_RAISE(auto first, ParseNot());
  if (!AtWord("AND")) return first;
  std::vector<ExprPtr> terms = {std::move(first)};
  while (TakeWord("AND")) {
    ARROW_ASSIGN_OR_RAISE(auto next, ParseNot());
    terms.push_back(std::move(next));
  }
  return MakeCall("and", std::move(terms), begin);
}

Result<ExprPtr> Parser::ParseNot() {
  std::vector<int64_t> begins;
  while (AtWord("NOT")) {
    begins.push_back(Current().begin);
    ++at_;
  }
  ARROW_ASSIGN_OR_RAISE(auto out, ParseComparison());
  for (; !begins.empty(); begins.pop_back()) {
    ARROW_ASSIGN_OR_RAISE(out, MakeCall("not", {std::move(out)}, begins.back()));
  }
  return out;
}

Result<ExprPtr> Parser::ParseComparison() {
  const int64_t begin = Current().begin;
  ARROW_ASSIGN_OR_RAISE(auto left, ParseAdditive());
  while (true) {
    const Token& token = Current();
    if (token.kind == TokenKind::kSymbol &&
        (token.text == "=" || token.text == "<>" || token.text == "<" || token.text == "<=" ||
         token.text == ">" || token.text == ">=")) {
      std::string name = token.text;
      ++at_;
      ARROW_ASSIGN_OR_RAISE(auto right, ParseAdditive());
      ARROW_ASSIGN_OR_RAISE(left,
                            MakeCall(std::move(name), {std::move(left), std::move(right)}, begin));
    } else if (AtWord("IS")) {
      ARROW_ASSIGN_OR_RAISE(left, ParseIs(std::move(left)));
    } else if (AtWord("NOT") || AtWord("IN") || AtWord("BETWEEN") || AtWord("LIKE") ||
               AtWord("ILIKE")) {
      ARROW_ASSIGN_OR_RAISE(left, ParseNegatable(std::move(left)));
    } else {
      return left;
    }
  }
}

Result<ExprPtr> Parser::ParseIs(ExprPtr left) {
  ++at_;
  const int64_t begin = left->begin();
  std::string name = TakeWord("NOT") ? "is not " : "is ";
  if (TakeWord("DISTINCT")) {
    ARROW_RETURN_NOT_OK(ExpectWord("FROM", "after IS [NOT] DISTINCT"));
    ARROW_ASSIGN_OR_RAISE(auto right, ParseAdditive());
    return MakeCall(name + "distinct from", {std::move(left), std::move(right)}, begin);
  }
  for (const auto& [word, suffix] :
       {std::pair("NULL", "null"), {"TRUE", "true"}, {"FALSE", "false"}}) {
    if (TakeWord(word)) return MakeCall(name + suffix, {std::move(left)}, begin);
  }
  return ErrorHere("expected NULL, TRUE, FALSE or DISTINCT FROM after IS");
}

Result<ExprPtr> Parser::ParseNegatable(ExprPtr left) {
  const int64_t begin = left->begin();
  const bool negated = TakeWord("NOT");
  ExprPtr out;
  if (TakeWord("IN")) {
    ARROW_ASSIGN_OR_RAISE(out, ParseInList(std::move(left)));
  } else if (TakeWord("BETWEEN")) {
    ARROW_ASSIGN_OR_RAISE(auto low, ParseAdditive());
    ARROW_RETURN_NOT_OK(ExpectWord("AND", "between the bounds of BETWEEN"));
    ARROW_ASSIGN_OR_RAISE(auto high, ParseAdditive());
    ARROW_ASSIGN_OR_RAISE(
        out, MakeCall("between", {std::move(left), std::move(low), std::move(high)}, begin));
  } else if (AtWord("LIKE") || AtWord("ILIKE")) {
    std::string name = AtWord("LIKE") ? "like" : "ilike";
    ++at_;
    ARROW_ASSIGN_OR_RAISE(auto pattern, ParseAdditive());
    std::vector<ExprPtr> children = {std::move(left), std::move(pattern)};
    if (TakeWord("ESCAPE")) {
      ARROW_ASSIGN_OR_RAISE(auto escape, ParseAdditive());
      children.push_back(std::move(escape));
    }
    ARROW_ASSIGN_OR_RAISE(out, MakeCall(std::move(name), std::move(children), begin));
  } else {
    return ErrorHere("expected IN, BETWEEN, LIKE or ILIKE after NOT");
  }
  return negated ? MakeCall("not", {std::move(out)}, begin) : out;
}

Result<ExprPtr> Parser::ParseInList(ExprPtr left) {
  const int64_t begin = left->begin();
  ARROW_RETURN_NOT_OK(ExpectSymbol("(", "after IN"));
  std::vector<ExprPtr> children = {std::move(left)};
  do {
    ARROW_ASSIGN_OR_RAISE(auto item, ParseExpression());
    children.push_back(std::move(item));
  } while (TakeSymbol(","));
  ARROW_RETURN_NOT_OK(ExpectSymbol(")", "at the end of the IN list"));
  return MakeCall("in", std::move(children), begin);
}

Result<ExprPtr> Parser::ParseAdditive() {
  const int64_t begin = Current().begin;
  ARROW_ASSIGN_OR_RAISE(auto left, ParseMultiplicative());
  while (AtSymbol("+") || AtSymbol("-") || AtSymbol("||")) {
    std::string name = Current().text;
    ++at_;
    ARROW_ASSIGN_OR_RAISE(auto right, ParseMultiplicative());
    ARROW_ASSIGN_OR_RAISE(left,
                          MakeCall(std::move(name), {std::move(left), std::move(right)}, begin));
  }
  return left;
}

Result<ExprPtr> Parser::ParseMultiplicative() {
  const int64_t begin = Current().begin;
  ARROW_ASSIGN_OR_RAISE(auto left, ParseUnary());
  while (AtSymbol("*") || AtSymbol("/") || AtSymbol("%") || AtWord("DIV")) {
    std::string name = AtWord("DIV") ? "div" : Current().text;
    ++at_;
    ARROW_ASSIGN_OR_RAISE(auto right, ParseUnary());
    ARROW_ASSIGN_OR_RAISE(left,
                          MakeCall(std::move(name), {std::move(left), std::move(right)}, begin));
  }
  return left;
}

Result<ExprPtr> Parser::ParseUnary() {
  std::vector<int64_t> minuses;
  ExprPtr out;
  while (AtSymbol("-") || AtSymbol("+")) {
    const int64_t begin = Current().begin;
    const bool minus = AtSymbol("-");
    ++at_;
    if (!minus) continue;
    const TokenKind next = Current().kind;
    const bool number =
        next == TokenKind::kInteger || next == TokenKind::kDecimal || next == TokenKind::kReal;
    const bool cast_follows = Ahead(1).kind == TokenKind::kSymbol && Ahead(1).text == "::";
    if (number && !cast_follows) {
      // The sign belongs to the literal: the smallest int64 has no positive twin.
      ARROW_ASSIGN_OR_RAISE(out, ParseNumber(begin, true));
      break;
    }
    minuses.push_back(begin);
  }
  if (!out) {
    ARROW_ASSIGN_OR_RAISE(out, ParsePostfix());
  }
  for (; !minuses.empty(); minuses.pop_back()) {
    ARROW_ASSIGN_OR_RAISE(out, MakeCall("-", {std::move(out)}, minuses.back()));
  }
  return out;
}

Result<ExprPtr> Parser::ParsePostfix() {
  const int64_t begin = Current().begin;
  ARROW_ASSIGN_OR_RAISE(auto out, ParsePrimary());
  while (TakeSymbol("::")) {
    ExprFields fields;
    fields.kind = ExprKind::kCast;
    ARROW_ASSIGN_OR_RAISE(fields.type, ParseTypeName());
    fields.children = {std::move(out)};
    ARROW_ASSIGN_OR_RAISE(out, Make(std::move(fields), begin));
  }
  return out;
}

}  // namespace headrace::expr
