// = <> < <= > >=, IS [NOT] DISTINCT FROM, BETWEEN, IN.
#include <arrow/array/builder_base.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_scalar.h>

#include "expr/compare.h"
#include "expr/function_table.h"

namespace headrace::expr {
namespace {

constexpr char kComparisonCategory[] = "Comparison";
const Parameters kTwo = {{Param::kAny, Param::kAny}};

Result<TypePtr> Comparable(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon(CallSite::Meeting::kComparison));
  if (IsSupported(*type)) return type;
  return site.Error(kTypeMismatch,
                    fmt::format("values of type {} cannot be compared", type->ToString()));
}

// Comparing NULL with NULL: of the booleans, since any type will do.
Status GiveNullsAType(CallSite& site, TypePtr* type) {
  if (!IsNull(**type)) return Status::OK();
  *type = arrow::boolean();
  for (size_t i = 0; i < site.count(); ++i) ARROW_RETURN_NOT_OK(site.Coerce(i, *type));
  return Status::OK();
}

Resolve Compare(Comparison comparison) {
  return [comparison](CallSite& site) -> Result<Resolution> {
    ARROW_ASSIGN_OR_RAISE(auto type, Comparable(site));
    ARROW_RETURN_NOT_OK(GiveNullsAType(site, &type));
    return Resolution{arrow::boolean(), CompareKernel(comparison, *type)};
  };
}

// Two NULLs are not distinct, NULL and a value are: where the comparison is NULL, the count of
// NULLs decides.
Kernel DistinctKernel(const arrow::DataType& type, Comparison comparison) {
  return [comparison,
          compare = CompareKernel(comparison, type)](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto compared, compare(call));
    ARROW_ASSIGN_OR_RAISE(auto left, CallArrow("is_null", {call.args[0]}, call.context));
    ARROW_ASSIGN_OR_RAISE(auto right, CallArrow("is_null", {call.args[1]}, call.context));
    ARROW_ASSIGN_OR_RAISE(auto decided, CallArrow("xor", {left, right}, call.context));
    if (comparison == Comparison::kEqual) {
      ARROW_ASSIGN_OR_RAISE(decided, CallArrow("invert", {decided}, call.context));
    }
    return CallArrow("coalesce", {compared, decided}, call.context);
  };
}

Resolve Distinct(Comparison comparison) {
  return [comparison](CallSite& site) -> Result<Resolution> {
    ARROW_ASSIGN_OR_RAISE(auto type, Comparable(site));
    ARROW_RETURN_NOT_OK(GiveNullsAType(site, &type));
    return Resolution{arrow::boolean(), DistinctKernel(*type, comparison)};
  };
}

Result<Resolution> ResolveBetween(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(auto type, Comparable(site));
  ARROW_RETURN_NOT_OK(GiveNullsAType(site, &type));
  Kernel kernel = [low = CompareKernel(Comparison::kGreaterEqual, *type),
                   high = CompareKernel(Comparison::kLessEqual, *type)](
                      const KernelCall& call) -> Result<Datum> {
    const std::vector<Datum> low_args = {call.args[0], call.args[1]};
    const std::vector<Datum> high_args = {call.args[0], call.args[2]};
    ARROW_ASSIGN_OR_RAISE(auto above, low(KernelCall{low_args, call.rows, call.context}));
    ARROW_ASSIGN_OR_RAISE(auto below, high(KernelCall{high_args, call.rows, call.context}));
    return CallArrow("and_kleene", {above, below}, call.context);
  };
  return Resolution{arrow::boolean(), std::move(kernel)};
}

Result<std::shared_ptr<arrow::Array>> ListOf(const CallSite& site, const TypePtr& type) {
  auto* pool = arrow::system_memory_pool();  // plan time: lives as long as the plan, which no stage
                                             // is charged for
  std::unique_ptr<arrow::ArrayBuilder> builder;
  ARROW_RETURN_NOT_OK(arrow::MakeBuilder(pool, type, &builder));
  for (size_t i = 1; i < site.count(); ++i) {
    ARROW_RETURN_NOT_OK(builder->AppendScalar(*site.args()[i]->literal()));
  }
  return builder->Finish();
}

Result<Resolution> ResolveIn(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(auto type, Comparable(site));
  ARROW_RETURN_NOT_OK(GiveNullsAType(site, &type));
  const bool constant = std::all_of(site.args().begin() + 1, site.args().end(),
                                    [](const BoundExprPtr& arg) { return arg->is_literal(); });
  // Arrow's set lookup hashes the two zeros apart, so reals are compared one by one.
  if (constant && !IsReal(*type)) {
    ARROW_ASSIGN_OR_RAISE(auto list, ListOf(site, type));
    auto options = std::make_shared<arrow::compute::SetLookupOptions>(
        Datum(std::move(list)), arrow::compute::SetLookupOptions::INCONCLUSIVE);
    Kernel lookup = [is_in = ArrowKernel("is_in", std::move(options))](
                        const KernelCall& call) -> Result<Datum> {
      const std::vector<Datum> value = {call.args[0]};
      return is_in(KernelCall{value, call.rows, call.context});
    };
    return Resolution{arrow::boolean(), std::move(lookup)};
  }
  Kernel one_by_one =
      [equal = CompareKernel(Comparison::kEqual, *type)](const KernelCall& call) -> Result<Datum> {
    Datum result;
    for (size_t i = 1; i < call.args.size(); ++i) {
      const std::vector<Datum> pair = {call.args[0], call.args[i]};
      ARROW_ASSIGN_OR_RAISE(auto found, equal(KernelCall{pair, call.rows, call.context}));
      if (i == 1) {
        result = std::move(found);
      } else {
        ARROW_ASSIGN_OR_RAISE(result, CallArrow("or_kleene", {result, found}, call.context));
      }
    }
    return result;
  };
  return Resolution{arrow::boolean(), std::move(one_by_one)};
}

}  // namespace

void AddComparisons(std::vector<Function>* table) {
  const auto add = [&](const char* name, const char* signature, const char* summary,
                       const char* example, Parameters parameters, Resolve resolve) {
    table->push_back({name, kComparisonCategory, signature, summary, example, signature,
                      std::move(parameters), std::move(resolve)});
  };
  add("=", "x = y", "Equality; NULL if one is NULL. NaN equals NaN, -0.0 equals 0.0.",
      "1 = 1.0 -> TRUE; 'nan'::double = 'nan'::double -> TRUE; NULL = 1 -> NULL", kTwo,
      Compare(Comparison::kEqual));
  add("<>", "x <> y", "Inequality; also written !=.", "1 <> 2 -> TRUE; 2 != 2 -> FALSE", kTwo,
      Compare(Comparison::kNotEqual));
  add("<", "x < y", "Less; NaN is above every other number, FALSE below TRUE.",
      "1 < 1.5 -> TRUE; 'nan'::double < 1e300 -> FALSE", kTwo, Compare(Comparison::kLess));
  add("<=", "x <= y", "Less or equal.", "2 <= 2 -> TRUE", kTwo, Compare(Comparison::kLessEqual));
  add(">", "x > y", "Greater.", "'b' > 'a' -> TRUE; 'nan'::double > 'inf'::double -> TRUE", kTwo,
      Compare(Comparison::kGreater));
  add(">=", "x >= y", "Greater or equal. Text constants beside dates are read as dates.",
      "DATE '2024-02-01' >= '2024-01-31' -> TRUE", kTwo, Compare(Comparison::kGreaterEqual));
  add("is distinct from", "x IS DISTINCT FROM y", "Inequality that treats NULL as a value.",
      "NULL IS DISTINCT FROM 1 -> TRUE; NULL IS DISTINCT FROM NULL -> FALSE", kTwo,
      Distinct(Comparison::kNotEqual));
  add("is not distinct from", "x IS NOT DISTINCT FROM y", "Equality that treats NULL as a value.",
      "NULL IS NOT DISTINCT FROM NULL -> TRUE; 1 IS NOT DISTINCT FROM NULL -> FALSE", kTwo,
      Distinct(Comparison::kEqual));
  add("between", "x BETWEEN low AND high", "low <= x AND x <= high; NOT BETWEEN negates it.",
      "2 BETWEEN 1 AND 3 -> TRUE; 4 NOT BETWEEN 1 AND 3 -> TRUE",
      {{Param::kAny, Param::kAny, Param::kAny}}, ResolveBetween);
  add("in", "x IN (a, b, ...)",
      "Equal to one of the list; NULL if it is not and the list has a NULL.",
      "2 IN (1, 2) -> TRUE; 3 IN (1, NULL) -> NULL; 'c' NOT IN ('a', 'b') -> TRUE",
      {{Param::kAny, Param::kAny}, 0, true}, ResolveIn);
}

}  // namespace headrace::expr
