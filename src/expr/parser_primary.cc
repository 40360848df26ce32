#include "expr/parser.h"
#include "expr/types.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// "DAYS" -> "day"; empty when it is no unit of time.
std::string IntervalUnit(std::string unit) {
  if (unit.ends_with("s")) unit.pop_back();
  for (const char* known : {"year", "quarter", "month", "week", "day", "hour", "minute", "second"}) {
    if (unit == known) return unit;
  }
  return {};
}

std::shared_ptr<arrow::Scalar> DecimalLiteral(Int128 value, int precision, int scale) {
  const arrow::Decimal128 decimal(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value));
  return std::make_shared<arrow::Decimal128Scalar>(decimal, arrow::decimal128(precision, scale));
}

}  // namespace

Result<ExprPtr> Parser::MakeLiteral(std::shared_ptr<arrow::Scalar> value, int64_t begin) {
  ExprFields fields;
  fields.literal = std::move(value);
  return Make(std::move(fields), begin);
}

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
  if (AtSymbol("*")) return ErrorHere("expected a value", "* stands for all columns only in a select list");
  if (!TakeSymbol("(")) return ErrorHere("expected a value");
  ARROW_ASSIGN_OR_RAISE(auto inside, ParseExpression());
  if (AtSymbol(",")) return ErrorHere("expected ')'", "lists stand only after IN");
  ARROW_RETURN_NOT_OK(ExpectSymbol(")", fmt::format("to close the parenthesis opened at {}", begin + 1)));
  return inside;
}

Result<ExprPtr> Parser::ParseNumber(int64_t begin, bool negative) {
  const Token& token = Current();
  ++at_;
  const std::string text = (negative ? "-" : "") + token.text;
  if (token.kind == TokenKind::kReal) {
    return MakeLiteral(std::make_shared<arrow::DoubleScalar>(*ParseDouble(text)), begin);
  }
  if (token.kind == TokenKind::kInteger) {
    if (const auto value = ParseInt64(text)) {
      if (*value >= INT32_MIN && *value <= INT32_MAX) {
        return MakeLiteral(std::make_shared<arrow::Int32Scalar>(static_cast<int32_t>(*value)), begin);
      }
      return MakeLiteral(std::make_shared<arrow::Int64Scalar>(*value), begin);
    }
  }
  // As many digits as written, without leading zeros.
  const size_t point = token.text.find('.');
  const int scale = point == std::string::npos ? 0 : static_cast<int>(token.text.size() - point - 1);
  const size_t first = token.text.find_first_not_of("0.");
  int precision = 0;
  for (size_t i = first; i < token.text.size(); ++i) precision += token.text[i] != '.';
  precision = std::max({precision, scale, 1});
  const auto value = precision <= kMaxDecimalPrecision ? ParseDecimal(text, precision, scale) : std::nullopt;
  if (!value) {
    return ErrorInText(kBadConstant, *source_, begin, token.end, "a number of more than 38 digits",
                       "add an exponent (e0) to make it a double");
  }
  return MakeLiteral(DecimalLiteral(*value, precision, scale), begin);
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

Result<ExprPtr> Parser::ParseTypedLiteral() {
  const Token& word = Current();
  const Token& value = Ahead(1);
  const auto bad = [&](std::string_view form) {
    return ErrorInText(kBadConstant, *source_, value.begin, value.end,
                       fmt::format("not a {}", Lower(word.upper)), fmt::format("it is written {}", form));
  };
  std::shared_ptr<arrow::Scalar> scalar;
  if (word.upper == "DATE") {
    const auto days = ParseDate(value.text);
    if (!days) return bad("DATE 'yyyy-MM-dd'");
    scalar = std::make_shared<arrow::Date32Scalar>(*days);
  } else if (word.upper == "TIMESTAMP") {
    const auto micros = ParseTimestamp(value.text);
    if (!micros) return bad("TIMESTAMP 'yyyy-MM-dd HH:mm:ss[.ffffff]', without an offset");
    scalar = std::make_shared<arrow::TimestampScalar>(*micros, TimestampType());
  } else if (word.upper == "TIMESTAMPTZ") {
    const auto micros = ParseTimestampTz(value.text);
    if (!micros) return bad("TIMESTAMPTZ 'yyyy-MM-dd HH:mm:ss[.ffffff]+HH:mm'");
    scalar = std::make_shared<arrow::TimestampScalar>(*micros, TimestampTzType());
  } else if (word.upper == "TIME") {
    const auto micros = ParseTime(value.text);
    if (!micros) return bad("TIME 'HH:mm:ss[.ffffff]'");
    scalar = std::make_shared<arrow::Time64Scalar>(*micros, TimeType());
  } else {
    ++at_;
    return ErrorHere("expected an operator before this text");
  }
  const int64_t begin = word.begin;
  at_ += 2;
  return MakeLiteral(std::move(scalar), begin);
}

Result<ExprPtr> Parser::ParseInterval() {
  const int64_t begin = Current().begin;
  ++at_;
  const bool negative = TakeSymbol("-");
  const Token& token = Current();
  std::string digits = token.text;
  std::string unit;
  // INTERVAL 3 DAY, INTERVAL '3' DAY and INTERVAL '3 days' are the same.
  if (const size_t blank = digits.find(' '); token.kind == TokenKind::kString && blank != std::string::npos) {
    unit = Lower(TrimBlanks(std::string_view(digits).substr(blank)));
    digits.resize(blank);
  }
  const auto count = ParseInt64(digits);
  if (!count || std::abs(*count) > 100'000'000'000'000) {
    return ErrorHere("expected a whole number after INTERVAL", "it is written INTERVAL 3 DAY");
  }
  ++at_;
  if (unit.empty()) {
    if (Current().kind != TokenKind::kIdentifier) {
      return ErrorHere("expected a unit after the number", "it is written INTERVAL 3 DAY");
    }
    unit = Lower(Current().text);
    ++at_;
  }
  ExprFields fields;
  fields.kind = ExprKind::kInterval;
  fields.name = IntervalUnit(unit);
  fields.literal = std::make_shared<arrow::Int64Scalar>(negative ? -*count : *count);
  if (fields.name.empty()) {
    return ErrorInText(kSyntaxError, *source_, begin, tokens_[at_ - 1].end,
                       fmt::format("unknown unit of time '{}'", unit),
                       "known are YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE and SECOND");
  }
  return Make(std::move(fields), begin);
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
         (AtWord("PRECISION") || AtWord("WITH") || AtWord("WITHOUT") || AtWord("TIME") || AtWord("ZONE"))) {
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
  return ErrorInText(GetErrorCode(type.status()), *source_, begin, tokens_[at_ - 1].end, type.status().message());
}

Result<ExprPtr> Parser::ParseCall() {
  const int64_t begin = Current().begin;
  std::string name = Lower(Current().text);
  at_ += 2;
  if (AtSymbol("*")) {
    return ErrorHere(fmt::format("{}(*) is an aggregate", name), "aggregates stand in an aggregate step");
  }
  std::vector<ExprPtr> children;
  if (!AtSymbol(")")) {
    if (AtWord("DISTINCT")) {
      return ErrorHere(fmt::format("{}(DISTINCT ...) is an aggregate", name), "aggregates stand in an aggregate step");
    }
    if (name == "position") {  // position(part IN text) as well as position(part, text)
      NestingGuard guard(&nesting_);
      if (nesting_ > kMaxDepth) return ErrorHere("nested too deeply", "derive intermediate columns");
      ARROW_ASSIGN_OR_RAISE(auto part, ParseAdditive());
      children.push_back(std::move(part));
      if (!TakeWord("IN") && !TakeSymbol(",")) return ErrorHere("expected IN after the text to look for");
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
  if (Current().kind != TokenKind::kIdentifier) return ErrorHere("expected a field: extract(year FROM x)");
  std::string field = Lower(Current().text);
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
    if (Current().kind != TokenKind::kIdentifier && Current().kind != TokenKind::kQuotedIdentifier) {
      return ErrorHere("expected a column name after '.'");
    }
    fields.name += "." + Current().text;
    ++at_;
  }
  if (AtSymbol("(")) return ErrorHere("a quoted name is a column, not a function", "write the function's name without quotes");
  return Make(std::move(fields), begin);
}

}  // namespace headrace::expr
