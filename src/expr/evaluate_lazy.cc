// AND, OR, CASE and COALESCE: what a row does not need is not computed for it, so it cannot fail
// for it either.
//
// Where nothing can fail, everything is computed on all rows (no gathering, plain kernels). Where a
// later operand can fail, it sees only the rows that need it: their columns are gathered, and the
// results put back by one take.
#include <arrow/array/array_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/api_vector.h>

#include "expr/bound.h"

namespace headrace::expr {
namespace {

using arrow::compute::ExecContext;
using ArrayPtr = std::shared_ptr<arrow::Array>;

// Some rows of an input, ascending; no indices = all of them.
struct RowSet {
  std::shared_ptr<arrow::Int32Array> indices;
  int64_t count = 0;
  int32_t row(int64_t i) const { return indices ? indices->Value(i) : static_cast<int32_t>(i); }
};

// The rows of `from` whose position in it passes `keep(position)`.
template <typename Keep>
Result<RowSet> Choose(const RowSet& from, arrow::MemoryPool* pool, Keep&& keep) {
  arrow::TypedBufferBuilder<int32_t> builder(pool);
  ARROW_RETURN_NOT_OK(builder.Reserve(from.count));
  for (int64_t i = 0; i < from.count; ++i) {
    if (keep(i)) builder.UnsafeAppend(from.row(i));
  }
  RowSet out;
  out.count = builder.length();
  if (out.count == from.count) return from;
  ARROW_ASSIGN_OR_RAISE(auto buffer, builder.Finish());
  out.indices = std::make_shared<arrow::Int32Array>(out.count, std::move(buffer));
  return out;
}

// `node` on the chosen rows of `input`: one value per chosen row.
Result<ArrayPtr> EvaluateOn(const BoundExpr& node, const EvaluationInput& input, const RowSet& rows,
                            ExecContext* context) {
  if (!rows.indices) {
    ARROW_ASSIGN_OR_RAISE(auto all, EvaluateNode(node, input, context));
    return ToArray(all, input.rows, context->memory_pool());
  }
  EvaluationInput chosen;
  chosen.rows = rows.count;
  chosen.columns.resize(input.columns.size());
  for (const int column : node.columns()) {
    ARROW_ASSIGN_OR_RAISE(
        auto taken, arrow::compute::Take(Datum(input.columns[column]), Datum(rows.indices),
                                         arrow::compute::TakeOptions::NoBoundsCheck(), context));
    chosen.columns[column] = taken.make_array();
  }
  ARROW_ASSIGN_OR_RAISE(auto value, EvaluateNode(node, chosen, context));
  return ToArray(value, rows.count, context->memory_pool());
}

// Role: puts values computed on disjoint row sets back into one column; rows never set are NULL.
// Threads: one.
class Merge {
 public:
  explicit Merge(int64_t rows) : rows_(rows) {}

  void Set(ArrayPtr values, RowSet rows) {
    if (rows.count == 0) return;
    parts_.push_back({std::move(values), std::move(rows)});
  }

  Result<Datum> Finish(const TypePtr& type, ExecContext* context) {
    auto* pool = context->memory_pool();
    if (parts_.empty()) {
      ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(type, rows_, pool));
      return Datum(std::move(nulls));
    }
    if (parts_.size() == 1 && parts_[0].rows.count == rows_) return Datum(parts_[0].values);
    ARROW_ASSIGN_OR_RAISE(auto indices, Indices(pool));
    arrow::ArrayVector arrays;
    for (auto& part : parts_) arrays.push_back(std::move(part.values));
    ARROW_ASSIGN_OR_RAISE(auto values, arrow::Concatenate(arrays, pool));
    arrays.clear();
    return arrow::compute::Take(Datum(std::move(values)), Datum(std::move(indices)),
                                arrow::compute::TakeOptions::NoBoundsCheck(), context);
  }

 private:
  struct Part {
    ArrayPtr values;
    RowSet rows;
  };

  // For each row the place of its value in all parts one after the other.
  Result<std::shared_ptr<arrow::Array>> Indices(arrow::MemoryPool* pool) {
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> places,
        arrow::AllocateBuffer(rows_ * static_cast<int64_t>(sizeof(int32_t)), pool));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> valid,
                          arrow::AllocateEmptyBitmap(rows_, pool));
    auto* place = reinterpret_cast<int32_t*>(places->mutable_data());
    std::fill(place, place + rows_, 0);
    int32_t next = 0;
    for (const auto& part : parts_) {
      for (int64_t i = 0; i < part.rows.count; ++i) {
        place[part.rows.row(i)] = next++;
        arrow::bit_util::SetBit(valid->mutable_data(), part.rows.row(i));
      }
    }
    const int64_t nulls = rows_ - next;
    return std::make_shared<arrow::Int32Array>(rows_, std::move(places),
                                               nulls > 0 ? std::move(valid) : nullptr, nulls);
  }

  int64_t rows_;
  std::vector<Part> parts_;
};

bool AnyMayRaise(const BoundExpr& node, size_t first) {
  const auto& children = node.children();
  return std::any_of(children.begin() + std::min(first, children.size()), children.end(),
                     [](const BoundExprPtr& child) { return child->may_raise(); });
}

// Whether the operands so far leave no row for which a later one is needed: AND is decided by
// FALSE, in a filter by NULL too, OR by TRUE.
bool DecidesAll(const Datum& value, bool deciding, NullOperand null_operand) {
  if (value.is_scalar()) {
    const auto& scalar = static_cast<const arrow::BooleanScalar&>(*value.scalar());
    return scalar.is_valid ? scalar.value == deciding : null_operand == NullOperand::kDecides;
  }
  const arrow::BooleanArray array(value.array());
  if (array.null_count() > 0 && null_operand == NullOperand::kLeavesOpen) return false;
  return array.true_count() == (deciding ? array.length() : 0);
}

void CollectTerms(const BoundExpr& node, BoundKind kind, std::vector<const BoundExpr*>* terms) {
  for (const BoundExprPtr& child : node.children()) {
    if (child->kind() == kind) {
      CollectTerms(*child, kind, terms);
    } else {
      terms->push_back(child.get());
    }
  }
}

Result<Datum> EvaluateCaseEagerly(const BoundExpr& node, const EvaluationInput& input,
                                  ExecContext* context) {
  const auto& children = node.children();
  std::vector<ArrayPtr> conditions;
  std::vector<std::string> names;
  std::vector<Datum> args(1);
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    ARROW_ASSIGN_OR_RAISE(auto condition, EvaluateNode(*children[i], input, context));
    ARROW_ASSIGN_OR_RAISE(auto array, ToArray(condition, input.rows, context->memory_pool()));
    conditions.push_back(std::move(array));
    names.push_back(std::to_string(i));
    ARROW_ASSIGN_OR_RAISE(auto value, EvaluateNode(*children[i + 1], input, context));
    args.push_back(std::move(value));
  }
  if (children.size() % 2 == 1) {
    ARROW_ASSIGN_OR_RAISE(auto otherwise, EvaluateNode(*children.back(), input, context));
    args.push_back(std::move(otherwise));
  }
  ARROW_ASSIGN_OR_RAISE(auto choice, arrow::StructArray::Make(conditions, names));
  args[0] = Datum(std::move(choice));
  return CallArrow("case_when", std::move(args), context);
}

}  // namespace

Result<Datum> EvaluateLogical(const BoundExpr& node, const EvaluationInput& input,
                              ExecContext* context, NullOperand null_operand) {
  const bool deciding = node.kind() == BoundKind::kOr;
  const char* combine = deciding ? "or_kleene" : "and_kleene";
  std::vector<const BoundExpr*> terms;
  CollectTerms(node, node.kind(), &terms);
  ARROW_ASSIGN_OR_RAISE(auto result, EvaluateNode(*terms[0], input, context));
  for (size_t i = 1; i < terms.size(); ++i) {
    if (DecidesAll(result, deciding, null_operand)) return result;
    Datum next;
    if (!terms[i]->may_raise()) {
      ARROW_ASSIGN_OR_RAISE(next, EvaluateNode(*terms[i], input, context));
    } else {
      RowSet open{nullptr, input.rows};
      if (result.is_array()) {
        const arrow::BooleanArray decided(result.array());
        ARROW_ASSIGN_OR_RAISE(open, Choose(open, context->memory_pool(), [&](int64_t row) {
                                return decided.IsNull(row)
                                           ? null_operand == NullOperand::kLeavesOpen
                                           : decided.Value(row) != deciding;
                              }));
      }
      ARROW_ASSIGN_OR_RAISE(auto values, EvaluateOn(*terms[i], input, open, context));
      Merge merge(input.rows);
      merge.Set(std::move(values), std::move(open));
      ARROW_ASSIGN_OR_RAISE(next, merge.Finish(arrow::boolean(), context));
    }
    ARROW_ASSIGN_OR_RAISE(result, CallArrow(combine, {result, next}, context));
  }
  return result;
}

Result<Datum> EvaluateCase(const BoundExpr& node, const EvaluationInput& input,
                           ExecContext* context) {
  // The first condition is computed for every row in any case.
  if (!AnyMayRaise(node, 1)) return EvaluateCaseEagerly(node, input, context);
  const auto& children = node.children();
  auto* pool = context->memory_pool();
  Merge merge(input.rows);
  RowSet open{nullptr, input.rows};
  for (size_t i = 0; i + 1 < children.size() && open.count > 0; i += 2) {
    ARROW_ASSIGN_OR_RAISE(auto array, EvaluateOn(*children[i], input, open, context));
    const auto& condition = static_cast<const arrow::BooleanArray&>(*array);
    const auto holds = [&](int64_t at) { return condition.IsValid(at) && condition.Value(at); };
    ARROW_ASSIGN_OR_RAISE(auto taken, Choose(open, pool, holds));
    if (taken.count > 0) {
      ARROW_ASSIGN_OR_RAISE(auto values, EvaluateOn(*children[i + 1], input, taken, context));
      merge.Set(std::move(values), taken);
    }
    ARROW_ASSIGN_OR_RAISE(open, Choose(open, pool, [&](int64_t at) { return !holds(at); }));
  }
  if (children.size() % 2 == 1 && open.count > 0) {
    ARROW_ASSIGN_OR_RAISE(auto values, EvaluateOn(*children.back(), input, open, context));
    merge.Set(std::move(values), std::move(open));
  }
  return merge.Finish(node.type(), context);
}

Result<Datum> EvaluateCoalesce(const BoundExpr& node, const EvaluationInput& input,
                               ExecContext* context) {
  const auto& children = node.children();
  if (!AnyMayRaise(node, 1)) {
    std::vector<Datum> args;
    for (const auto& child : children) {
      ARROW_ASSIGN_OR_RAISE(auto arg, EvaluateNode(*child, input, context));
      args.push_back(std::move(arg));
    }
    return CallArrow("coalesce", std::move(args), context);
  }
  auto* pool = context->memory_pool();
  Merge merge(input.rows);
  RowSet open{nullptr, input.rows};
  for (const auto& child : children) {
    if (open.count == 0) break;
    ARROW_ASSIGN_OR_RAISE(auto values, EvaluateOn(*child, input, open, context));
    ARROW_ASSIGN_OR_RAISE(auto filled,
                          Choose(open, pool, [&](int64_t at) { return values->IsValid(at); }));
    ARROW_ASSIGN_OR_RAISE(auto still_open,
                          Choose(open, pool, [&](int64_t at) { return values->IsNull(at); }));
    if (filled.count == open.count) {
      merge.Set(std::move(values), std::move(open));
    } else if (filled.count > 0) {
      ARROW_ASSIGN_OR_RAISE(auto kept,
                            arrow::compute::CallFunction("drop_null", {Datum(values)}, context));
      merge.Set(kept.make_array(), std::move(filled));
    }
    open = std::move(still_open);
  }
  return merge.Finish(node.type(), context);
}

}  // namespace headrace::expr
