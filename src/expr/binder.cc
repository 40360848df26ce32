#include "expr/binder.h"

#include "base/nearest_name.h"
#include "expr/cast.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

ExprPtr MakeSyntax(const ExprPtr& like, std::string name, std::vector<ExprPtr> children) {
  ExprFields fields;
  fields.kind = ExprKind::kCall;
  fields.name = std::move(name);
  fields.children = std::move(children);
  fields.source = std::make_shared<const std::string>(like->source());
  fields.begin = like->begin();
  fields.end = like->end();
  return std::make_shared<const Expr>(std::move(fields));
}

}  // namespace

Result<BoundExprPtr> Bind(const ExprPtr& expression, const arrow::Schema& schema) {
  EnsureKernelsRegistered();
  return Binder(schema).Run(expression);
}

Result<BoundExprPtr> Binder::Run(const ExprPtr& node) {
  switch (node->kind()) {
    case ExprKind::kLiteral:
      return MakeBoundLiteral(node->literal(), node);
    case ExprKind::kColumn:
      return BindColumn(node);
    case ExprKind::kCall:
      return BindCall(node);
    case ExprKind::kCase:
      return BindCase(node);
    case ExprKind::kCaseOf:
      return BindCaseOf(node);
    case ExprKind::kCast:
    case ExprKind::kTryCast:
      return BindCast(node);
    case ExprKind::kInterval:
      return ErrorAt(*node, kTypeMismatch,
                     "an interval stands only after + or - of a date or timestamp");
  }
  return ErrorAt(*node, kTypeMismatch, "unknown kind of expression");
}

Result<int> Binder::FindColumn(const Expr& node) {
  const auto exact = schema_.GetAllFieldIndices(node.name());
  if (exact.size() == 1) return exact[0];
  if (exact.size() > 1) {
    return ErrorAt(node, kUnknownColumn,
                   fmt::format("column '{}' is there {} times", node.name(), exact.size()),
                   "rename one of them first");
  }
  std::vector<int> same_letters;
  const std::string lower = LowerAscii(node.name());
  for (int i = 0; i < schema_.num_fields(); ++i) {
    if (LowerAscii(schema_.field(i)->name()) == lower) same_letters.push_back(i);
  }
  if (same_letters.size() == 1) return same_letters[0];
  if (same_letters.size() > 1) {
    return ErrorAt(node, kUnknownColumn, fmt::format("column '{}' could be several", node.name()),
                   fmt::format("write \"{}\" or \"{}\"", schema_.field(same_letters[0])->name(),
                               schema_.field(same_letters[1])->name()));
  }
  const std::string near = NearestName(node.name(), schema_.field_names());
  std::string advice;
  if (!near.empty()) {
    advice = fmt::format("did you mean '{}'?", near);
  } else if (schema_.num_fields() > 0) {
    constexpr int kShown = 12;
    for (int i = 0; i < std::min(schema_.num_fields(), kShown); ++i) {
      advice += (i ? ", " : "there are ") + schema_.field(i)->name();
    }
    if (schema_.num_fields() > kShown)
      advice += fmt::format(" and {} more", schema_.num_fields() - kShown);
  }
  return ErrorAt(node, kUnknownColumn, fmt::format("unknown column '{}'", node.name()), advice);
}

Result<BoundExprPtr> Binder::BindColumn(const ExprPtr& node) {
  ARROW_ASSIGN_OR_RAISE(const int index, FindColumn(*node));
  const auto& field = schema_.field(index);
  BoundFields fields;
  fields.kind = BoundKind::kColumn;
  fields.type = field->type();
  fields.syntax = node;
  fields.column = index;
  fields.column_name = field->name();
  auto column = std::make_shared<const BoundExpr>(std::move(fields));
  const TypePtr normal = NormalType(field->type());
  if (!normal || normal->Equals(*field->type())) return column;
  return CastNode(column, normal, OnFailure::kError, node);
}

Status Binder::UnknownFunction(const Expr& node) {
  if (node.name() == "dayofweek" || node.name() == "weekday") {
    return ErrorAt(node, kUnknownFunction, fmt::format("unknown function '{}'", node.name()),
                   "day_of_week counts Monday = 1 to Sunday = 7");
  }
  for (const char* aggregate :
       {"count", "sum", "avg", "mean", "min", "max", "median", "quantile"}) {
    if (node.name() == aggregate) {
      return ErrorAt(node, kUnknownFunction, fmt::format("{} is an aggregate", aggregate),
                     "aggregates stand in an aggregate step; of several columns: least, greatest");
    }
  }
  const std::string near = NearestName(node.name(), FunctionNames());
  return ErrorAt(
      node, kUnknownFunction, fmt::format("unknown function '{}'", node.name()),
      near.empty() ? "docs/functions.md lists them all" : fmt::format("did you mean '{}'?", near));
}

Status Binder::CheckCount(const Expr& node, const Function& function) {
  const auto& parameters = function.parameters;
  const size_t most = parameters.params.size();
  const size_t least = most - static_cast<size_t>(parameters.optional);
  const size_t count = node.children().size();
  if (count >= least && (count <= most || parameters.variadic)) return Status::OK();
  const std::string wanted = parameters.variadic   ? fmt::format("at least {}", least)
                             : parameters.optional ? fmt::format("{} to {}", least, most)
                                                   : fmt::format("{}", most);
  return ErrorAt(node, kWrongArgumentCount,
                 fmt::format("{} takes {} argument{}, not {}", function.name, wanted,
                             wanted == "1" ? "" : "s", count),
                 fmt::format("it is {}", function.signature));
}

Result<BoundExprPtr> Binder::BindCall(const ExprPtr& node) {
  const auto& children = node->children();
  const bool shifts = (node->name() == "+" || node->name() == "-") && children.size() == 2;
  if (shifts &&
      (children[0]->kind() == ExprKind::kInterval || children[1]->kind() == ExprKind::kInterval)) {
    return BindShift(node);
  }
  const Function* function =
      FindFunction(node->name() == "-" && children.size() == 1 ? "negate" : node->name());
  if (!function) return UnknownFunction(*node);
  ARROW_RETURN_NOT_OK(CheckCount(*node, *function));
  std::vector<BoundExprPtr> args;
  args.reserve(children.size());
  for (const auto& child : children) {
    ARROW_ASSIGN_OR_RAISE(auto arg, Run(child));
    args.push_back(std::move(arg));
  }
  CallSite site(node, *function, std::move(args));
  return Finish(node, &site);
}

Result<BoundExprPtr> Binder::Finish(const ExprPtr& node, CallSite* site) {
  const Function& function = site->function();
  for (size_t i = 0; i < site->count(); ++i) {
    const auto& params = function.parameters.params;
    ARROW_RETURN_NOT_OK(CheckParameter(site, i, params[std::min(i, params.size() - 1)]));
  }
  ARROW_ASSIGN_OR_RAISE(auto resolution, function.resolve(*site));
  BoundFields fields;
  fields.kind = resolution.kind;
  fields.type = std::move(resolution.type);
  fields.syntax = node;
  fields.children = site->args();
  fields.function = &function;
  fields.kernel = std::move(resolution.kernel);
  fields.kernel_may_raise = resolution.may_raise;
  return FoldConstant(std::make_shared<const BoundExpr>(std::move(fields)));
}

// x + INTERVAL 3 MONTH is shift(x, 3, 'month').
Result<BoundExprPtr> Binder::BindShift(const ExprPtr& node) {
  const auto& children = node->children();
  const bool interval_first = children[0]->kind() == ExprKind::kInterval;
  const Expr& interval = *children[interval_first ? 0 : 1];
  const ExprPtr& moved = children[interval_first ? 1 : 0];
  const bool minus = node->name() == "-";
  if (moved->kind() == ExprKind::kInterval || (interval_first && minus)) {
    return ErrorAt(*node, kTypeMismatch,
                   "an interval stands only after + or - of a date or timestamp");
  }
  const int64_t count = static_cast<const arrow::Int64Scalar&>(*interval.literal()).value;
  const ExprPtr& place = children[interval_first ? 0 : 1];
  ARROW_ASSIGN_OR_RAISE(auto value, Run(moved));
  std::vector<BoundExprPtr> args = {
      std::move(value),
      MakeBoundLiteral(std::make_shared<arrow::Int64Scalar>(minus ? -count : count), place),
      MakeBoundLiteral(std::make_shared<arrow::StringScalar>(interval.name()), place)};
  CallSite site(node, *FindFunction("shift"), std::move(args));
  return Finish(node, &site);
}

Result<BoundExprPtr> Binder::FinishCase(const ExprPtr& node, std::vector<BoundExprPtr> args) {
  CallSite site(node, *FindFunction("case"), std::move(args));
  return Finish(node, &site);
}

Result<BoundExprPtr> Binder::BindCase(const ExprPtr& node) {
  std::vector<BoundExprPtr> args;
  for (const auto& child : node->children()) {
    ARROW_ASSIGN_OR_RAISE(auto arg, Run(child));
    args.push_back(std::move(arg));
  }
  return FinishCase(node, std::move(args));
}

// CASE x WHEN a THEN ... is CASE WHEN x = a THEN ..., with x computed once.
Result<BoundExprPtr> Binder::BindCaseOf(const ExprPtr& node) {
  const auto& children = node->children();
  ARROW_ASSIGN_OR_RAISE(auto operand, Run(children[0]));
  BoundExprPtr reader = operand;
  const bool computed = operand->kind() != BoundKind::kColumn && !operand->is_literal();
  if (computed) {
    BoundFields fields;
    fields.kind = BoundKind::kColumn;
    fields.type = operand->type();
    fields.syntax = children[0];
    fields.column = next_column_++;
    reader = std::make_shared<const BoundExpr>(std::move(fields));
  }
  const int column = reader->column();
  std::vector<BoundExprPtr> args;
  for (size_t i = 1; i < children.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto arg, Run(children[i]));
    const bool condition = i % 2 == 1 && i + 1 < children.size();
    if (condition) {
      const ExprPtr syntax = MakeSyntax(children[i], "=", {children[0], children[i]});
      CallSite site(syntax, *FindFunction("="), {reader, std::move(arg)});
      ARROW_ASSIGN_OR_RAISE(arg, Finish(syntax, &site));
    }
    args.push_back(std::move(arg));
  }
  ARROW_ASSIGN_OR_RAISE(auto body, FinishCase(node, std::move(args)));
  if (!computed) return body;
  BoundFields let;
  let.kind = BoundKind::kLet;
  let.type = body->type();
  let.syntax = node;
  let.children = {std::move(operand), std::move(body)};
  let.column = column;
  return std::make_shared<const BoundExpr>(std::move(let));
}

Result<BoundExprPtr> Binder::BindCast(const ExprPtr& node) {
  ARROW_ASSIGN_OR_RAISE(auto value, Run(node->children()[0]));
  const OnFailure on_failure =
      node->kind() == ExprKind::kCast ? OnFailure::kError : OnFailure::kNull;
  auto out = CastNode(value, node->type(), on_failure, node);
  if (out) return out;
  const bool number_to_time = IsNumeric(*value->type()) && IsTimestamp(*node->type());
  return ErrorAt(
      *node, kNoSuchCast,
      fmt::format("no cast from {} to {}", TypeText(*value->type()), TypeText(*node->type())),
      number_to_time
          ? "seconds or microseconds become timestamps with timestamp_seconds and timestamp_micros"
          : "");
}

}  // namespace headrace::expr
