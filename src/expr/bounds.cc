// Pruning: can any row of a row group or partition satisfy a predicate, given its columns' bounds?
//
// Everything not understood may match. A predicate that could fail for a row is never pruned by, so
// that an error is not hidden by skipping the row that raises it.
#include <cmath>
#include <string_view>

#include "expr/compare.h"
#include "expr/function_table.h"
#include "expr/like.h"
#include "expr/membership.h"

namespace headrace::expr {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;

// Values an operand may have; a null pointer is an unknown end.
struct Range {
  ScalarPtr min;
  ScalarPtr max;
  bool may_be_null = true;
  bool may_be_value = true;
  // The column whose values these are, unchanged but for the width of integers; "" = none.
  std::string column = {};
};

// Role: what a caller of MayMatch knows.
struct Known {
  const BoundsLookup& bounds;
  const MayContain* may_contain = nullptr;
};

// Outcomes a predicate may have over the rows. NULL need not be told apart: like FALSE, it keeps a
// row out.
struct Outcomes {
  bool may_be_true = true;
  bool may_be_false = true;
};

bool IsNan(const arrow::Scalar& value) {
  if (value.type->id() == arrow::Type::DOUBLE)
    return std::isnan(static_cast<const arrow::DoubleScalar&>(value).value);
  if (value.type->id() == arrow::Type::FLOAT)
    return std::isnan(static_cast<const arrow::FloatScalar&>(value).value);
  return false;
}

// False only when the comparison is known not to hold.
bool MayHold(Comparison comparison, const ScalarPtr& left, const ScalarPtr& right) {
  if (!left || !right || !left->type->Equals(*right->type)) return true;
  arrow::compute::ExecContext context(arrow::system_memory_pool());  // two values at plan time
  const std::vector<Datum> args = {Datum(left), Datum(right)};
  const auto result = CompareKernel(comparison, *left->type)(KernelCall{args, 1, &context});
  if (!result.ok() || !result->is_scalar()) return true;
  const auto& holds = static_cast<const arrow::BooleanScalar&>(*result->scalar());
  return !holds.is_valid || holds.value;
}

Range RangeOfColumn(const BoundExpr& node, const Known& lookup) {
  if (node.column_name().empty()) return {};  // a computed value
  const auto bounds = lookup.bounds(node.column_name());
  Range out;
  out.column = node.column_name();
  if (!bounds) return out;
  const auto usable = [&](const ScalarPtr& value) {
    return value && value->is_valid && value->type->Equals(*node.type()) && !IsNan(*value)
               ? value
               : nullptr;
  };
  out.min = usable(bounds->min);
  // Bounds leave NaN out, which is above every number here.
  out.max = IsReal(*node.type()) ? nullptr : usable(bounds->max);
  out.may_be_null = bounds->null_count != 0;
  out.may_be_value =
      bounds->rows < 0 || bounds->null_count < 0 || bounds->null_count < bounds->rows;
  return out;
}

// Calls that keep order: casts between numbers and between dates, year and date_trunc.
int MonotoneArgument(const BoundExpr& node) {
  if (node.kind() != BoundKind::kCall || node.children().empty()) return -1;
  if (!node.function()) {
    const TypePtr& from = node.children()[0]->type();
    const bool numbers = IsNumeric(*from) && IsNumeric(*node.type());
    const bool dates = from->id() != arrow::Type::TIME64 &&
                       node.type()->id() != arrow::Type::TIME64 && IsTemporal(*from) &&
                       IsTemporal(*node.type());
    return numbers || dates ? 0 : -1;
  }
  const std::string_view name = node.function()->name;
  return name == "year" ? 0 : name == "date_trunc" ? 1 : -1;
}

Range RangeOf(const BoundExpr& node, const Known& lookup) {
  if (node.kind() == BoundKind::kColumn) return RangeOfColumn(node, lookup);
  if (node.is_literal()) {
    const bool valid = node.literal()->is_valid;
    const ScalarPtr value = valid ? node.literal() : nullptr;
    return {value, value, !valid, valid};
  }
  const int moved = MonotoneArgument(node);
  if (moved < 0) return {};
  Range out = RangeOf(*node.children()[moved], lookup);
  const auto image = [&](const ScalarPtr& value) -> ScalarPtr {
    if (!value) return nullptr;
    std::vector<Datum> args;
    for (size_t i = 0; i < node.children().size(); ++i) {
      if (static_cast<int>(i) != moved && !node.children()[i]->is_literal()) return nullptr;
      args.emplace_back(static_cast<int>(i) == moved ? value : node.children()[i]->literal());
    }
    arrow::compute::ExecContext context(arrow::system_memory_pool());
    const auto result = node.kernel()(KernelCall{args, 1, &context});
    return result.ok() && result->is_scalar() && result->scalar()->is_valid ? result->scalar()
                                                                            : nullptr;
  };
  out.min = image(out.min);
  out.max = image(out.max);
  out.may_be_null = true;  // TRY_CAST gives NULL for what it cannot convert
  // Integers of another width are the same numbers; whatever else is computed is another value.
  const BoundExpr& argument = *node.children()[moved];
  if (node.function() || !IsInteger(*argument.type()) || !IsInteger(*node.type()))
    out.column.clear();
  return out;
}

// Both ends of a literal are the literal, also after a cast.
bool MayHold(const Known& lookup, const Range& column, const Range& literal) {
  return lookup.may_contain == nullptr || column.column.empty() || !literal.min || !literal.max ||
         !literal.min->Equals(*literal.max) || (*lookup.may_contain)(column.column, *literal.min);
}

Outcomes CompareRanges(Comparison comparison, const Range& left, const Range& right,
                       const Known& lookup) {
  if (!left.may_be_value || !right.may_be_value) return {false, false};
  const bool less = MayHold(Comparison::kLess, left.min, right.max);
  const bool less_equal = MayHold(Comparison::kLessEqual, left.min, right.max);
  const bool greater = MayHold(Comparison::kGreater, left.max, right.min);
  const bool greater_equal = MayHold(Comparison::kGreaterEqual, left.max, right.min);
  switch (comparison) {
    case Comparison::kEqual:
      // What costs more to ask comes last.
      return {less_equal && greater_equal && MayHold(lookup, left, right) &&
                  MayHold(lookup, right, left),
              less || greater};
    case Comparison::kNotEqual:
      return {less || greater, less_equal && greater_equal};
    case Comparison::kLess:
      return {less, greater_equal};
    case Comparison::kLessEqual:
      return {less_equal, greater};
    case Comparison::kGreater:
      return {greater, less_equal};
    case Comparison::kGreaterEqual:
      break;
  }
  return {greater_equal, less};
}

Outcomes OutcomesOf(const BoundExpr& node, const Known& lookup);

Outcomes OutcomesOfJunction(const BoundExpr& node, const Known& lookup) {
  const bool conjunction = node.kind() == BoundKind::kAnd;
  Outcomes out = {conjunction, !conjunction};
  for (const auto& child : node.children()) {
    const Outcomes term = OutcomesOf(*child, lookup);
    if (conjunction) {
      out.may_be_true &= term.may_be_true;
      out.may_be_false |= term.may_be_false;
    } else {
      out.may_be_true |= term.may_be_true;
      out.may_be_false &= term.may_be_false;
    }
  }
  return out;
}

// Texts that begin with a prefix lie between it and the first text that is above and does not begin
// with it.
bool MayHavePrefix(const Range& value, const BoundExpr& pattern) {
  if (!value.may_be_value) return false;
  if (!pattern.is_literal() || !pattern.literal()->is_valid) return true;
  const auto text_of = [](const arrow::Scalar& scalar) {
    return static_cast<const arrow::BaseBinaryScalar&>(scalar).view();
  };
  const auto compiled = LikePattern::Compile(text_of(*pattern.literal()), std::nullopt);
  if (!compiled.ok()) return true;
  const std::string& prefix = compiled->prefix();
  if (value.max && text_of(*value.max) < prefix) return false;
  return !value.min || text_of(*value.min) <= prefix || text_of(*value.min).starts_with(prefix);
}

Outcomes OutcomesOfCall(const BoundExpr& node, const Known& lookup) {
  const auto& children = node.children();
  const std::string_view name = node.function()->name;
  constexpr std::pair<std::string_view, Comparison> kComparisons[] = {
      {"=", Comparison::kEqual},   {"<>", Comparison::kNotEqual},
      {"<", Comparison::kLess},    {"<=", Comparison::kLessEqual},
      {">", Comparison::kGreater}, {">=", Comparison::kGreaterEqual}};
  for (const auto& [symbol, comparison] : kComparisons) {
    if (name == symbol)
      return CompareRanges(comparison, RangeOf(*children[0], lookup), RangeOf(*children[1], lookup),
                           lookup);
  }
  if (name == "between") {
    const Range value = RangeOf(*children[0], lookup);
    const Outcomes low =
        CompareRanges(Comparison::kGreaterEqual, value, RangeOf(*children[1], lookup), lookup);
    const Outcomes high =
        CompareRanges(Comparison::kLessEqual, value, RangeOf(*children[2], lookup), lookup);
    return {low.may_be_true && high.may_be_true, low.may_be_false || high.may_be_false};
  }
  if (name == "in") {
    constexpr size_t kMostCompared = 256;  // a longer list costs more than it saves
    if (children.size() > kMostCompared) return {};
    const Range value = RangeOf(*children[0], lookup);
    Outcomes out = {false, true};
    for (size_t i = 1; i < children.size() && !out.may_be_true; ++i) {
      out.may_be_true =
          CompareRanges(Comparison::kEqual, value, RangeOf(*children[i], lookup), lookup)
              .may_be_true;
    }
    return out;
  }
  if (name == "like" && children.size() == 2) {
    return {MayHavePrefix(RangeOf(*children[0], lookup), *children[1]), true};
  }
  if (name == "not") {
    const Outcomes inner = OutcomesOf(*children[0], lookup);
    return {inner.may_be_false, inner.may_be_true};
  }
  if (name == "is null" || name == "is not null") {
    const Range value = RangeOf(*children[0], lookup);
    return name == "is null" ? Outcomes{value.may_be_null, value.may_be_value}
                             : Outcomes{value.may_be_value, value.may_be_null};
  }
  return {};
}

Outcomes OutcomesOf(const BoundExpr& node, const Known& lookup) {
  if (node.kind() == BoundKind::kAnd || node.kind() == BoundKind::kOr)
    return OutcomesOfJunction(node, lookup);
  if (node.kind() == BoundKind::kCall && node.function()) return OutcomesOfCall(node, lookup);
  if (node.kind() != BoundKind::kColumn && !node.is_literal()) return {};
  const Range value = RangeOf(node, lookup);
  if (!value.may_be_value) return {false, false};
  static const ScalarPtr kTrue = arrow::MakeScalar(true);
  static const ScalarPtr kFalse = arrow::MakeScalar(false);
  return {MayHold(Comparison::kGreaterEqual, value.max, kTrue),
          MayHold(Comparison::kLessEqual, value.min, kFalse)};
}

bool MayMatchKnown(const BoundExpr& predicate, const Known& known) {
  if (predicate.kind() == BoundKind::kAnd) {
    // Terms are computed left to right, on rows no earlier term has ruled out: one that rules out
    // all rows hides nothing that comes after it.
    for (const auto& term : predicate.children()) {
      if (!MayMatchKnown(*term, known)) return false;
      if (term->may_raise()) return true;
    }
    return true;
  }
  if (predicate.may_raise()) return true;
  return OutcomesOf(predicate, known).may_be_true;
}

}  // namespace

bool MayMatch(const BoundExpr& predicate, const BoundsLookup& bounds) {
  return MayMatchKnown(predicate, {bounds});
}

bool MayMatch(const BoundExpr& predicate, const BoundsLookup& bounds,
              const MayContain& may_contain) {
  return MayMatchKnown(predicate, {bounds, &may_contain});
}

}  // namespace headrace::expr
