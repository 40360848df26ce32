// Numbers, dates and intervals in an expression's text.
#include "expr/parser.h"
#include "expr/types.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

// "DAYS" -> "day"; empty when it is no unit of time.
std::string IntervalUnit(std::string unit) {
  if (unit.ends_with("s")) unit.pop_back();
  for (const char* known :
       {"year", "quarter", "month", "week", "day", "hour", "minute", "second"}) {
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
        return MakeLiteral(std::make_shared<arrow::Int32Scalar>(static_cast<int32_t>(*value)),
                           begin);
      }
      return MakeLiteral(std::make_shared<arrow::Int64Scalar>(*value), begin);
    }
  }
  // As many digits as written, without leading zeros.
  const size_t point = token.text.find('.');
  const int scale =
      point == std::string::npos ? 0 : static_cast<int>(token.text.size() - point - 1);
  const size_t first = token.text.find_first_not_of("0.");
  int precision = 0;
  for (size_t i = first; i < token.text.size(); ++i) precision += token.text[i] != '.';
  precision = std::max({precision, scale, 1});
  const auto value =
      precision <= kMaxDecimalPrecision ? ParseDecimal(text, precision, scale) : std::nullopt;
  if (!value) {
    return ErrorInText(kBadConstant, *source_, begin, token.end, "a number of more than 38 digits",
                       "add an exponent (e0) to make it a double");
  }
  return MakeLiteral(DecimalLiteral(*value, precision, scale), begin);
}

Result<ExprPtr> Parser::ParseTypedLiteral() {
  const Token& word = Current();
  const Token& value = Ahead(1);
  const auto bad = [&](std::string_view form) {
    return ErrorInText(kBadConstant, *source_, value.begin, value.end,
                       fmt::format("not a {}", LowerAscii(word.upper)),
                       fmt::format("it is written {}", form));
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
  if (const size_t blank = digits.find(' ');
      token.kind == TokenKind::kString && blank != std::string::npos) {
    unit = LowerAscii(TrimBlanks(std::string_view(digits).substr(blank)));
    digits.resize(blank);
  }
  const auto count = ParseInt64(digits);
  constexpr int64_t kMostUnits = 100'000'000'000'000;
  if (!count || *count > kMostUnits || *count < -kMostUnits) {
    return ErrorHere("expected a whole number after INTERVAL", "it is written INTERVAL 3 DAY");
  }
  ++at_;
  if (unit.empty()) {
    if (Current().kind != TokenKind::kIdentifier) {
      return ErrorHere("expected a unit after the number", "it is written INTERVAL 3 DAY");
    }
    unit = LowerAscii(Current().text);
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

}  // namespace headrace::expr
