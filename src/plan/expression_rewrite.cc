#include "plan/expression_rewrite.h"

#include "expr/ast.h"

namespace headrace {
namespace {

using expr::Expr;
using expr::ExprFields;
using expr::ExprKind;
using expr::ExprPtr;

bool IsAnd(const Expr& node) { return node.kind() == ExprKind::kCall && node.name() == "and"; }

void CollectConjuncts(const ExprPtr& expression, std::vector<ExprPtr>* parts) {
  if (!IsAnd(*expression)) {
    parts->push_back(expression);
    return;
  }
  for (const ExprPtr& child : expression->children()) CollectConjuncts(child, parts);
}

ExprPtr RenameInTree(const ExprPtr& node, const std::map<std::string, std::string>& names,
                     const std::shared_ptr<const std::string>& source) {
  ExprFields fields{.kind = node->kind(),
                    .name = node->name(),
                    .literal = node->literal(),
                    .type = node->type(),
                    .children = {},
                    .source = source,
                    .begin = node->begin(),
                    .end = node->end()};
  if (node->kind() == ExprKind::kColumn) fields.name = names.at(node->name());
  for (const ExprPtr& child : node->children()) {
    fields.children.push_back(RenameInTree(child, names, source));
  }
  return std::make_shared<const Expr>(std::move(fields));
}

}  // namespace

std::optional<std::string> AsColumn(const Expr& expression) {
  if (expression.kind() != ExprKind::kColumn) return std::nullopt;
  return expression.name();
}

std::vector<ExprPtr> SplitConjunction(const ExprPtr& expression) {
  std::vector<ExprPtr> parts;
  CollectConjuncts(expression, &parts);
  return parts;
}

ExprPtr Conjoin(const std::vector<ExprPtr>& parts) {
  ExprPtr whole;
  for (const ExprPtr& part : parts) {
    if (!whole) {
      whole = part;
      continue;
    }
    ExprFields fields;
    fields.kind = ExprKind::kCall;
    fields.name = "and";
    fields.children = {whole, part};
    const ExprPtr both = std::make_shared<const Expr>(fields);
    // The text of the whole is its own source: a message about it must not point into one part's
    // text.
    fields.source = std::make_shared<const std::string>(expr::ToText(*both));
    fields.end = static_cast<int64_t>(fields.source->size());
    whole = std::make_shared<const Expr>(std::move(fields));
  }
  return whole;
}

ExprPtr RenameColumns(const ExprPtr& expression, const std::map<std::string, std::string>& names) {
  return RenameInTree(expression, names, std::make_shared<const std::string>(expression->source()));
}

}  // namespace headrace
