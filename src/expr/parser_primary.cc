#include "expr/parser.h"
#include "expr/types.h"
#include "expr/value_text.h"

namespace headrace::expr {
Result<ExprPtr> Parser::ParsePrimary() {
  const Token& token = Current();
  switch (token.kind) {
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kReal:
      return ParseNumber(token.begin, false);
    case TokenKind::kString:
      ++at_;
      return MakeLiteral(std::make_shared<arrow::StringScalar>(token.text), token.begin);
    case TokenKind::kQuotedIdentifier:
      return ParseColumn();
    case TokenKind::kIdentifier:
      return ParseWord();
    case TokenKind::kSymbol:
      break;
    case TokenKind::kEnd:
      return ErrorHere("expected a value");
  }
  const int64_t begin = token.begin;
  if (AtSymbol("*"))
    return ErrorHere("expected a value", "* stands for all columns only in a select list");
  if (!TakeSymbol("(")) return ErrorHere("expected a value");
  ARROW_ASSIGN_OR_RAISE(auto inside, ParseExpression());
  if (AtSymbol(",")) return ErrorHere("expected ')'", "lists stand only after IN");
  ARROW_RETURN_NOT_OK(
      ExpectSymbol(")", fmt::format("to close the parenthesis opened at {}", begin + 1)));
  return inside;
}

Result<ExprPtr> Parser::ParseWord() {
  const int64_t begin = Current().begin;
  const bool call = Ahead(1).kind == TokenKind::kSymbol && Ahead(1).text == "(";
  if (TakeWord("TRUE")) return MakeLiteral(std::make_shared<arrow::BooleanScalar>(true), begin);
  if (TakeWord("FALSE")) return MakeLiteral(std::make_shared<arrow::BooleanScalar>(false), begin);
  if (TakeWord("NULL")) return MakeLiteral(std::make_shared<arrow::NullScalar>(), begin);
  if (AtWord("CASE")) return ParseCase();
  if (AtWord("CAST") && call) return ParseCast(ExprKind::kCast);
  if (AtWord("TRY_CAST") && call) return ParseCast(ExprKind::kTryCast);
  if (IsReservedWord(Current().upper)) {
    return ErrorHere(fmt::format("expected a value, found the word {}", Current().upper),
                     "a column of that name stands in double quotes");
  }
  if (AtWord("EXTRACT") && call) return ParseExtract();
  if (AtWord("INTERVAL") && !call) {
    const Token& next = Ahead(1);
    if (next.kind == TokenKind::kInteger || next.kind == TokenKind::kString ||
        (next.kind == TokenKind::kSymbol && next.text == "-")) {
      return ParseInterval();
    }
  }
  if (Ahead(1).kind == TokenKind::kString) return ParseTypedLiteral();
  return call ? ParseCall() : ParseColumn();
}

Result<ExprPtr> Parser::ParseCase() {
  const int64_t begin = Current().begin;
  ++at_;
  ExprFields fields;
  fields.kind = AtWord("WHEN") ? ExprKind::kCase : ExprKind::kCaseOf;
  if (fields.kind == ExprKind::kCaseOf) {
    ARROW_ASSIGN_OR_RAISE(auto operand, ParseExpression());
    fields.children.push_back(std::move(operand));
  }
  if (!AtWord("WHEN")) return ErrorHere("expected WHEN in CASE");
  while (TakeWord("WHEN")) {
    ARROW_ASSIGN_OR_RAISE(auto condition, ParseExpression());
    ARROW_RETURN_NOT_OK(ExpectWord("THEN", "after the condition of WHEN"));
    ARROW_ASSIGN_OR_RAISE(auto value, ParseExpression());
    fields.children.push_back(std::move(condition));
    fields.children.push_back(std::move(value));
  }
  if (TakeWord("ELSE")) {
    ARROW_ASSIGN_OR_RAISE(auto otherwise, ParseExpression());
    fields.children.push_back(std::move(otherwise));
  }
  ARROW_RETURN_NOT_OK(ExpectWord("END", "to close CASE"));
  return Make(std::move(fields), begin);
}

Result<ExprPtr> Parser::ParseCast(ExprKind kind) {
  const int64_t begin = Current().begin;
  at_ += 2;
  ARROW_ASSIGN_OR_RAISE(auto value, ParseExpression());
  ARROW_RETURN_NOT_OK(ExpectWord("AS", "and a type: CAST(x AS int64)"));
  ExprFields fields;
  fields.kind = kind;
  ARROW_ASSIGN_OR_RAISE(fields.type, ParseTypeName());
  fields.children = {std::move(value)};
  ARROW_RETURN_NOT_OK(ExpectSymbol(")", "after the type"));
  return Make(std::move(fields), begin);
}

Result<std::shared_ptr<arrow::DataType>> Parser::ParseTypeName() {
  const int64_t begin = Current().begin;
  if (Current().kind != TokenKind::kIdentifier) return ErrorHere("expected a type name");
  std::string name = Current().text;
  ++at_;
  while (Current().kind == TokenKind::kIdentifier && !IsReservedWord(Current().upper) &&
         (AtWord("PRECISION") || AtWord("WITH") || AtWord("WITHOUT") || AtWord("TIME") ||
          AtWord("ZONE"))) {
    name += " " + Current().text;
    ++at_;
  }
  if (TakeSymbol("(")) {
    name += "(";
    while (Current().kind == TokenKind::kInteger || AtSymbol(",")) {
      name += Current().text;
      ++at_;
    }
    ARROW_RETURN_NOT_OK(ExpectSymbol(")", "after the type's parameters"));
    name += ")";
  }
  auto type = ParseType(name);
  if (type.ok()) return type;
  return ErrorInText(GetErrorCode(type.status()), *source_, begin, tokens_[at_ - 1].end,
                     type.status().message());
}

Result<ExprPtr> Parser::ParseCall() {
  const int64_t begin = Current().begin;
  std::string name = LowerAscii(Current().text);
  at_ += 2;
  if (AtSymbol("*")) {
    return ErrorHere(fmt::format("{}(*) is an aggregate", name),
                     "aggregates stand in an aggregate step");
  }
  std::vector<ExprPtr> children;
  if (!AtSymbol(")")) {
    if (AtWord("DISTINCT")) {
      return ErrorHere(fmt::format("{}(DISTINCT ...) is an aggregate", name),
                       "aggregates stand in an aggregate step");
    }
    if (name == "position") {  // position(part IN text) as well as position(part, text)
      NestingGuard guard(&nesting_);
      if (nesting_ > kMaxDepth)
        return ErrorHere("nested too deeply", "derive intermediate columns");
      ARROW_ASSIGN_OR_RAISE(auto part, ParseAdditive());
      children.push_back(std::move(part));
      if (!TakeWord("IN") && !TakeSymbol(","))
        return ErrorHere("expected IN after the text to look for");
    }
    do {
      ARROW_ASSIGN_OR_RAISE(auto child, ParseExpression());
      children.push_back(std::move(child));
    } while (TakeSymbol(","));
  }
  ARROW_RETURN_NOT_OK(ExpectSymbol(")", fmt::format("or ',' after the arguments of {}", name)));
  return MakeCall(std::move(name), std::move(children), begin);
}

Result<ExprPtr> Parser::ParseExtract() {
  const int64_t begin = Current().begin;
  at_ += 2;
  if (Current().kind != TokenKind::kIdentifier)
    return ErrorHere("expected a field: extract(year FROM x)");
  std::string field = LowerAscii(Current().text);
  ++at_;
  ARROW_RETURN_NOT_OK(ExpectWord("FROM", "after the field of extract"));
  ARROW_ASSIGN_OR_RAISE(auto value, ParseExpression());
  ARROW_RETURN_NOT_OK(ExpectSymbol(")", "after extract"));
  return MakeCall(std::move(field), {std::move(value)}, begin);
}

Result<ExprPtr> Parser::ParseColumn() {
  const int64_t begin = Current().begin;
  ExprFields fields;
  fields.kind = ExprKind::kColumn;
  fields.name = Current().text;
  ++at_;
  while (TakeSymbol(".")) {  // zones.id names the column "zones.id"
    if (Current().kind != TokenKind::kIdentifier &&
        Current().kind != TokenKind::kQuotedIdentifier) {
      return ErrorHere("expected a column name after '.'");
    }
    fields.name += "." + Current().text;
    ++at_;
  }
  if (AtSymbol("("))
    return ErrorHere("a quoted name is a column, not a function",
                     "write the function's name without quotes");
  return Make(std::move(fields), begin);
}

}  // namespace headrace::expr
