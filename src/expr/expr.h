// Expressions: SQL text -> syntax tree -> typed, bound tree -> evaluation over Arrow kernels.
// Semantics: ANSI Spark wherever a value or an error can differ (docs/semantics.md).
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace::expr {

class Expr;  // immutable syntax tree with source offsets; defined in expr/ast.h
using ExprPtr = std::shared_ptr<const Expr>;

// Parses one SQL expression. InvalidPlan with the text, a caret line folded into one line, and what
// was expected.
Result<ExprPtr> Parse(std::string_view text);
// Names of all columns it reads, in order of first use, as written (unquoted).
std::vector<std::string> ReferencedColumns(const Expr& expression);
// SQL text that parses to the same tree.
std::string ToText(const Expr& expression);

// FormatError's line, then, for an error that points into an expression, the text and a caret line
// below it.
std::string FormatWithCaret(const Status& status);

class BoundExpr;  // typed against a schema; immutable, usable from any thread
using BoundExprPtr = std::shared_ptr<const BoundExpr>;

// Resolves columns and functions and types every node. InvalidPlan with a caret; an unknown column
// names the nearest one. Column names match exactly; if there is none, a unique case-insensitive
// match is taken.
Result<BoundExprPtr> Bind(const ExprPtr& expression, const arrow::Schema& schema);
const std::shared_ptr<arrow::DataType>& TypeOf(const BoundExpr& expression);

// One value per row of `batch`. Constant results are broadcast. New buffers come from `pool`.
// BadInput for run-time errors (division by zero, overflow, a failed cast) with the value and the
// expression's text.
Result<std::shared_ptr<arrow::Array>> Evaluate(const BoundExpr& expression,
                                               const arrow::RecordBatch& batch,
                                               arrow::MemoryPool* pool);

// The same for a predicate that keeps rows: TRUE for those to keep, FALSE or NULL for others. A
// term of a conjunction is not computed for rows that an earlier one drops, be it by FALSE or by
// NULL, so that rows pruned by statistics, which tell no NULLs apart, never hide an error.
Result<std::shared_ptr<arrow::Array>> EvaluateFilter(const BoundExpr& predicate,
                                                     const arrow::RecordBatch& batch,
                                                     arrow::MemoryPool* pool);

// Type text: "int64", "decimal(12,2)", "timestamp", "timestamptz", "string", "date", ... and back.
Result<std::shared_ptr<arrow::DataType>> ParseType(std::string_view text);
std::string TypeText(const arrow::DataType& type);

// Casts a whole column with CAST's rules (error on failure).
Result<std::shared_ptr<arrow::Array>> CastColumn(const std::shared_ptr<arrow::Array>& column,
                                                 const std::shared_ptr<arrow::DataType>& type,
                                                 arrow::MemoryPool* pool);
// InvalidPlan when CAST has no rule for this pair.
Status CheckCast(const arrow::DataType& from, const arrow::DataType& to);

// What is known of a column in a row group or a partition.
struct ColumnBounds {
  std::shared_ptr<arrow::Scalar> min;  // null = unknown
  std::shared_ptr<arrow::Scalar> max;
  int64_t null_count = -1;  // -1 = unknown
  int64_t rows = -1;
};
// False only when no row can satisfy the predicate, given bounds by column name (absent = unknown).
// Conservative; never false when evaluating the predicate could raise an error for some row.
using BoundsLookup = std::function<std::optional<ColumnBounds>(const std::string& column)>;
bool MayMatch(const BoundExpr& predicate, const BoundsLookup& bounds);

// One table of functions: what the reference page is generated from.
struct FunctionDoc {
  std::string name;
  std::string signature;
  std::string category;
  std::string summary;
  std::string example;    // "substring('headrace', 1, 4) -> 'head'": checked by a test
  std::string spark_sql;  // how the lowered plan writes it
};
std::vector<FunctionDoc> FunctionReference();
std::string FunctionReferenceMarkdown();

}  // namespace headrace::expr
