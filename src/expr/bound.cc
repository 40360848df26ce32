#include "expr/bound.h"

#include <arrow/array/util.h>

#include <set>

#include "expr/cast.h"

namespace headrace::expr {

BoundExpr::BoundExpr(BoundFields fields)
    : fields_(std::move(fields)), may_raise_(fields_.kernel_may_raise) {
  std::set<int> columns;
  if (fields_.kind == BoundKind::kColumn) columns.insert(fields_.column);
  for (const auto& child : fields_.children) {
    may_raise_ = may_raise_ || child->may_raise();
    columns.insert(child->columns().begin(), child->columns().end());
  }
  if (fields_.kind == BoundKind::kLet) columns.erase(fields_.column);  // its own
  columns_.assign(columns.begin(), columns.end());
}

const std::shared_ptr<arrow::DataType>& TypeOf(const BoundExpr& expression) {
  return expression.type();
}

BoundExprPtr MakeBoundLiteral(std::shared_ptr<arrow::Scalar> value, ExprPtr syntax) {
  BoundFields fields;
  fields.type = value->type;
  fields.literal = std::move(value);
  fields.syntax = std::move(syntax);
  return std::make_shared<const BoundExpr>(std::move(fields));
}

namespace {

// Text in a buffer of its own: the pool it was computed in does not outlive the folding.
std::shared_ptr<arrow::Scalar> OwnCopy(std::shared_ptr<arrow::Scalar> scalar) {
  const auto* text = dynamic_cast<const arrow::BaseBinaryScalar*>(scalar.get());
  if (text == nullptr || !text->value) return scalar;
  auto copy = arrow::MakeScalar(scalar->type, arrow::Buffer::FromString(text->value->ToString()));
  return copy.ValueOrDie();  // text takes any buffer
}

}  // namespace

BoundExprPtr FoldConstant(BoundExprPtr node) {
  if (node->is_literal() || node->kind() == BoundKind::kColumn) return node;
  for (const auto& child : node->children()) {
    if (!child->is_literal()) return node;
  }
  // A handful of bytes at plan time, which no stage is charged for. What needs more is left to the
  // run, where the stage's pool takes or refuses it.
  constexpr int64_t kFoldedBytesMax = int64_t{1} << 20;
  arrow::CappedMemoryPool pool(arrow::system_memory_pool(), kFoldedBytesMax);
  arrow::compute::ExecContext context(&pool);
  context.set_use_threads(false);
  auto value = EvaluateNode(*node, EvaluationInput{{}, 1}, &context);
  if (!value.ok()) return node;
  std::shared_ptr<arrow::Scalar> scalar;
  if (value->is_scalar()) {
    scalar = value->scalar();
  } else {
    auto first = value->make_array()->GetScalar(0);
    if (!first.ok()) return node;
    scalar = first.MoveValueUnsafe();
  }
  return MakeBoundLiteral(OwnCopy(std::move(scalar)), node->syntax_ptr());
}

BoundExprPtr CastNode(const BoundExprPtr& node, const TypePtr& type, OnFailure on_failure,
                      const ExprPtr& syntax) {
  if (node->type()->Equals(*type)) return node;
  auto rule = FindCast(node->type(), type, on_failure);
  if (!rule) return nullptr;
  BoundFields fields;
  fields.kind = BoundKind::kCall;
  fields.type = type;
  fields.syntax = syntax;
  fields.children = {node};
  fields.kernel = std::move(rule->kernel);
  fields.kernel_may_raise = rule->may_raise;
  return FoldConstant(std::make_shared<const BoundExpr>(std::move(fields)));
}

}  // namespace headrace::expr
