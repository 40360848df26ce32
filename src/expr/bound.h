// The typed tree: every column resolved, every function chosen, every implicit cast a node of its
// own.
#pragma once

#include <arrow/scalar.h>

#include <memory>
#include <string>
#include <vector>

#include "expr/ast.h"
#include "expr/kernel.h"

namespace headrace::expr {

struct Function;

enum class BoundKind : uint8_t {
  kLiteral,
  kColumn,
  kCall,      // all children, then the kernel
  kAnd,       // children left to right; a later one only on rows that are not yet FALSE
  kOr,        // as kAnd with TRUE
  kCase,      // children = condition, value, ..., [else]; a value only on rows that take it
  kCoalesce,  // children left to right; a later one only on rows that are still NULL
  kLet,       // children = value, body; the body reads the value as column number `column`
};

struct BoundFields {
  BoundKind kind = BoundKind::kLiteral;
  TypePtr type;
  ExprPtr syntax;
  std::vector<BoundExprPtr> children;
  std::shared_ptr<arrow::Scalar> literal;  // kLiteral, of `type`
  int column = -1;          // kColumn: index in the schema; kLet: one past all others in use
  std::string column_name;  // kColumn: the schema's name
  const Function* function = nullptr;  // kCall; null for casts
  Kernel kernel;                       // kCall
  bool kernel_may_raise = false;       // kCall: its own values, not its children's
};

// Role: one node. Owner: shared. Threads: immutable, any thread.
class BoundExpr : public std::enable_shared_from_this<BoundExpr> {
 public:
  explicit BoundExpr(BoundFields fields);
  BoundKind kind() const { return fields_.kind; }
  const TypePtr& type() const { return fields_.type; }
  const Expr& syntax() const { return *fields_.syntax; }
  const ExprPtr& syntax_ptr() const { return fields_.syntax; }
  const std::vector<BoundExprPtr>& children() const { return fields_.children; }
  const std::shared_ptr<arrow::Scalar>& literal() const { return fields_.literal; }
  int column() const { return fields_.column; }
  const std::string& column_name() const { return fields_.column_name; }
  const Function* function() const { return fields_.function; }
  const Kernel& kernel() const { return fields_.kernel; }
  bool is_literal() const { return fields_.kind == BoundKind::kLiteral; }
  // Evaluating it can fail for some value of some row.
  bool may_raise() const { return may_raise_; }
  // Columns it reads, ascending.
  const std::vector<int>& columns() const { return columns_; }

 private:
  BoundFields fields_;
  bool may_raise_;
  std::vector<int> columns_;
};

// Columns of the rows a node is evaluated on, by schema index; those it does not read may be null
// pointers.
struct EvaluationInput {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  int64_t rows = 0;
};

// One value per row of `input`: an array of node.type(), or a scalar.
Result<Datum> EvaluateNode(const BoundExpr& node, const EvaluationInput& input,
                           arrow::compute::ExecContext* context);
// The kinds that do not evaluate all children on all rows (evaluate_lazy.cc).
// What a NULL operand of AND means for the later ones: a filter drops the row whatever they are.
enum class NullOperand : uint8_t { kLeavesOpen, kDecides };
Result<Datum> EvaluateLogical(const BoundExpr& node, const EvaluationInput& input,
                              arrow::compute::ExecContext* context,
                              NullOperand null_operand = NullOperand::kLeavesOpen);
Result<Datum> EvaluateCase(const BoundExpr& node, const EvaluationInput& input,
                           arrow::compute::ExecContext* context);
Result<Datum> EvaluateCoalesce(const BoundExpr& node, const EvaluationInput& input,
                               arrow::compute::ExecContext* context);

BoundExprPtr MakeBoundLiteral(std::shared_ptr<arrow::Scalar> value, ExprPtr syntax);
// A call whose arguments are all literals becomes a literal, unless computing it fails: then it
// fails when a row needs it.
BoundExprPtr FoldConstant(BoundExprPtr node);
// `node` as `type` by CAST's rules, `node` itself when it is of that type. Null when there is no
// rule.
BoundExprPtr CastNode(const BoundExprPtr& node, const TypePtr& type, OnFailure on_failure,
                      const ExprPtr& syntax);

}  // namespace headrace::expr
