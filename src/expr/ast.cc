#include "expr/ast.h"

namespace headrace::expr {

Expr::Expr(ExprFields fields) : fields_(std::move(fields)), depth_(1) {
  if (!fields_.source) fields_.source = std::make_shared<const std::string>();
  for (const auto& child : fields_.children) depth_ = std::max(depth_, child->depth() + 1);
}

bool SameTree(const Expr& left, const Expr& right) {
  if (left.kind() != right.kind() || left.name() != right.name() ||
      left.children().size() != right.children().size()) {
    return false;
  }
  if (!left.literal() != !right.literal() || !left.type() != !right.type()) return false;
  if (left.literal() && !(left.literal()->type->Equals(*right.literal()->type) &&
                          left.literal()->Equals(*right.literal()))) {
    return false;
  }
  if (left.type() && !left.type()->Equals(*right.type())) return false;
  for (size_t i = 0; i < left.children().size(); ++i) {
    if (!SameTree(*left.children()[i], *right.children()[i])) return false;
  }
  return true;
}

}  // namespace headrace::expr
