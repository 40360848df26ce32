// The syntax tree of an expression: what the parser makes, the binder types and ToText prints.
#pragma once

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "expr/expr.h"

namespace headrace::expr {

enum class ExprKind : uint8_t {
  kLiteral,   // literal
  kColumn,    // name
  kCall,      // name = function or operator ("+", "and", "is null", "in"), children = arguments
  kCase,      // children = condition, value, condition, value, ... [else]
  kCaseOf,    // children = operand, then as kCase
  kCast,      // type, children = value
  kTryCast,   // as kCast
  kInterval,  // literal = int64 count, name = unit in lower case
};

// Limits that keep hostile text harmless: recursion over a tree is never deeper than kMaxDepth.
inline constexpr int kMaxDepth = 250;
inline constexpr int64_t kMaxTextBytes = 256 * 1024;

struct ExprFields {
  ExprKind kind = ExprKind::kLiteral;
  std::string name;
  std::shared_ptr<arrow::Scalar> literal;
  std::shared_ptr<arrow::DataType> type;
  std::vector<ExprPtr> children;
  std::shared_ptr<const std::string> source;  // the whole text this node was parsed from
  int64_t begin = 0;                          // byte range of this node in it
  int64_t end = 0;
};

// Role: one node of the tree. Owner: shared by whoever holds the tree. Threads: immutable, any
// thread.
class Expr {
 public:
  explicit Expr(ExprFields fields);
  ExprKind kind() const { return fields_.kind; }
  const std::string& name() const { return fields_.name; }
  const std::shared_ptr<arrow::Scalar>& literal() const { return fields_.literal; }
  const std::shared_ptr<arrow::DataType>& type() const { return fields_.type; }
  const std::vector<ExprPtr>& children() const { return fields_.children; }
  const std::string& source() const { return *fields_.source; }
  int64_t begin() const { return fields_.begin; }
  int64_t end() const { return fields_.end; }
  // 1 for a leaf. The parser refuses trees deeper than kMaxDepth.
  int depth() const { return depth_; }

 private:
  ExprFields fields_;
  int depth_;
};

// Same shape, names, types and values; places in the text do not count.
bool SameTree(const Expr& left, const Expr& right);

}  // namespace headrace::expr
