// The tree as SQL text: as few parentheses as keep the tree.
#include <charconv>
#include <unordered_set>

#include "expr/ast.h"
#include "expr/lexer.h"
#include "expr/types.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

// How tightly a node binds, loosest first.
enum Level { kOr = 1, kAnd, kNot, kComparison, kAdditive, kMultiplicative, kUnary, kPrimary };

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += quote;
  }
  return out += quote;
}

std::string LiteralText(const arrow::Scalar& value) {
  if (!value.is_valid) return "NULL";
  std::string out;
  switch (value.type->id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanScalar&>(value).value ? "TRUE" : "FALSE";
    case arrow::Type::STRING:
      return Quoted(static_cast<const arrow::StringScalar&>(value).view(), '\'');
    case arrow::Type::DOUBLE: {
      char buffer[40];
      const auto end = std::to_chars(buffer, buffer + sizeof(buffer),
                                     static_cast<const arrow::DoubleScalar&>(value).value,
                                     std::chars_format::scientific);
      const std::string digits(buffer, end.ptr);
      // Infinity can only be written as a number too large.
      return digits == "inf" ? "1e999" : digits == "-inf" ? "-1e999" : digits;
    }
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Scalar&>(value);
      const Int128 number =
          (static_cast<Int128>(decimal.value.high_bits()) << 64) | decimal.value.low_bits();
      AppendDecimal(number, Scale(*value.type), &out);
      if (Scale(*value.type) == 0) out += '.';
      return out;
    }
    case arrow::Type::DATE32:
      AppendDate(static_cast<const arrow::Date32Scalar&>(value).value, &out);
      return "DATE '" + out + "'";
    case arrow::Type::TIMESTAMP:
      AppendTimestamp(static_cast<const arrow::TimestampScalar&>(value).value, &out);
      return (value.type->Equals(*TimestampType()) ? "TIMESTAMP '" : "TIMESTAMPTZ '") + out + "'";
    case arrow::Type::TIME64:
      AppendTime(static_cast<const arrow::Time64Scalar&>(value).value, &out);
      return "TIME '" + out + "'";
    default:
      return value.ToString();
  }
}

Level LevelOf(const Expr& node) {
  if (node.kind() == ExprKind::kLiteral)
    return LiteralText(*node.literal()).front() == '-' ? kUnary : kPrimary;
  if (node.kind() != ExprKind::kCall) return kPrimary;
  const std::string& name = node.name();
  if (name == "or") return kOr;
  if (name == "and") return kAnd;
  if (name == "not") return kNot;
  if (name == "+" || name == "||") return kAdditive;
  if (name == "-") return node.children().size() == 1 ? kUnary : kAdditive;
  if (name == "*" || name == "/" || name == "%") return kMultiplicative;
  if (name == "div" && node.children().size() == 2)
    return kMultiplicative;  // a call with another count is an error
  if (name == "=" || name == "<>" || name == "<" || name == "<=" || name == ">" || name == ">=" ||
      name == "in" || name == "between" || name == "like" || name == "ilike" ||
      name.starts_with("is ")) {
    return kComparison;
  }
  return kPrimary;
}

std::string AtLeast(const Expr& node, int level) {
  const std::string text = ToText(node);
  return LevelOf(node) >= level ? text : "(" + text + ")";
}

std::string Joined(const std::vector<ExprPtr>& nodes, size_t first, std::string_view separator,
                   int level) {
  std::string out;
  for (size_t i = first; i < nodes.size(); ++i) {
    if (i > first) out += separator;
    out += AtLeast(*nodes[i], level);
  }
  return out;
}

std::string ComparisonText(const Expr& node) {
  const auto& children = node.children();
  const std::string& name = node.name();
  const std::string left = AtLeast(*children[0], kAdditive);
  if (name == "in") return left + " IN (" + Joined(children, 1, ", ", kOr) + ")";
  if (name == "between") {
    return left + " BETWEEN " + AtLeast(*children[1], kAdditive) + " AND " +
           AtLeast(*children[2], kAdditive);
  }
  std::string out = left + " " + UpperAscii(name);
  if (children.size() > 1) out += " " + AtLeast(*children[1], kAdditive);
  if (children.size() > 2) out += " ESCAPE " + AtLeast(*children[2], kAdditive);
  return out;
}

std::string CallText(const Expr& node) {
  const auto& children = node.children();
  const std::string& name = node.name();
  switch (LevelOf(node)) {
    case kOr:
      return Joined(children, 0, " OR ", kAnd);
    case kAnd:
      return Joined(children, 0, " AND ", kNot);
    case kNot:
      return "NOT " + AtLeast(*children[0], kNot);
    case kComparison:
      return ComparisonText(node);
    case kAdditive:
      return AtLeast(*children[0], kAdditive) + " " + name + " " +
             AtLeast(*children[1], kMultiplicative);
    case kMultiplicative:
      return AtLeast(*children[0], kMultiplicative) + " " + name + " " +
             AtLeast(*children[1], kUnary);
    case kUnary:
      // A literal keeps its own sign, so one under a minus stands in parentheses.
      return children[0]->kind() == ExprKind::kLiteral ? "-(" + ToText(*children[0]) + ")"
                                                       : "- " + AtLeast(*children[0], kUnary);
    case kPrimary:
      break;
  }
  return name + "(" + Joined(children, 0, ", ", kOr) + ")";
}

std::string CaseText(const Expr& node) {
  const auto& children = node.children();
  size_t i = 0;
  std::string out = "CASE";
  if (node.kind() == ExprKind::kCaseOf) out += " " + ToText(*children[i++]);
  for (; i + 1 < children.size(); i += 2) {
    out += " WHEN " + ToText(*children[i]) + " THEN " + ToText(*children[i + 1]);
  }
  if (i < children.size()) out += " ELSE " + ToText(*children[i]);
  return out + " END";
}

void CollectColumns(const Expr& node, std::unordered_set<std::string>* seen,
                    std::vector<std::string>* out) {
  if (node.kind() == ExprKind::kColumn && seen->insert(node.name()).second)
    out->push_back(node.name());
  for (const auto& child : node.children()) CollectColumns(*child, seen, out);
}

}  // namespace

std::string ToText(const Expr& node) {
  switch (node.kind()) {
    case ExprKind::kLiteral:
      return LiteralText(*node.literal());
    case ExprKind::kColumn:
      return IsBareIdentifier(node.name()) ? node.name() : Quoted(node.name(), '"');
    case ExprKind::kCall:
      return CallText(node);
    case ExprKind::kCase:
    case ExprKind::kCaseOf:
      return CaseText(node);
    case ExprKind::kCast:
      return "CAST(" + ToText(*node.children()[0]) + " AS " + TypeText(*node.type()) + ")";
    case ExprKind::kTryCast:
      return "TRY_CAST(" + ToText(*node.children()[0]) + " AS " + TypeText(*node.type()) + ")";
    case ExprKind::kInterval:
      return fmt::format("INTERVAL {} {}",
                         static_cast<const arrow::Int64Scalar&>(*node.literal()).value,
                         UpperAscii(node.name()));
  }
  return {};
}

std::vector<std::string> ReferencedColumns(const Expr& expression) {
  std::unordered_set<std::string> seen;
  std::vector<std::string> out;
  CollectColumns(expression, &seen, &out);
  return out;
}

}  // namespace headrace::expr
