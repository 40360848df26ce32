// AND OR NOT, IS NULL and its kin, CASE, IF, COALESCE, NULLIF, GREATEST, LEAST.
#include <arrow/compute/api_scalar.h>

#include "expr/compare.h"
#include "expr/function_table.h"

namespace headrace::expr {
namespace {

constexpr char kLogic[] = "Logic";
constexpr char kConditional[] = "Conditional";

Resolve Lazily(BoundKind kind) {
  return [kind](CallSite&) -> Result<Resolution> {
    return Resolution{arrow::boolean(), nullptr, false, kind};
  };
}

// Conditions to booleans, values to one type.
Result<Resolution> ResolveCase(CallSite& site) {
  std::vector<size_t> values;
  for (size_t i = 0; i < site.count(); ++i) {
    if (i % 2 == 1 || i + 1 == site.count()) {
      values.push_back(i);
    } else if (IsNull(*site.type(i))) {
      ARROW_RETURN_NOT_OK(site.Coerce(i, arrow::boolean()));
    } else if (site.type(i)->id() != arrow::Type::BOOL) {
      return site.Error(
          i, kTypeMismatch,
          fmt::format("a condition must be a boolean, not {}", TypeText(*site.type(i))),
          "compare it, as in x <> 0");
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon(values));
  return Resolution{type, nullptr, false, BoundKind::kCase};
}

Result<Resolution> ResolveCoalesce(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon());
  return Resolution{type, nullptr, false, BoundKind::kCoalesce};
}

// The first argument keeps its type; the second only needs to be comparable with it.
Result<Resolution> ResolveNullIf(CallSite& site) {
  const TypePtr type = site.type(0);
  const BoundExprPtr value = site.args()[0];
  ARROW_ASSIGN_OR_RAISE(auto common, site.CoerceToCommon(CallSite::Meeting::kComparison));
  if (IsNull(*common))
    return Resolution{type, [](const KernelCall& call) -> Result<Datum> { return call.args[0]; }};
  // Where the comparison needs another type, the value is carried along as it was.
  const bool same = common->Equals(*type);
  if (!same) site.Append(value);
  Kernel kernel = [same, equal = CompareKernel(Comparison::kEqual, *common)](
                      const KernelCall& call) -> Result<Datum> {
    const std::vector<Datum> pair = {call.args[0], call.args[1]};
    ARROW_ASSIGN_OR_RAISE(auto hit, equal(KernelCall{pair, call.rows, call.context}));
    const Datum& original = call.args[same ? 0 : 2];
    const Datum null(arrow::MakeNullScalar(original.type()));
    ARROW_ASSIGN_OR_RAISE(auto known, CallArrow("coalesce", {hit, Datum(false)}, call.context));
    return CallArrow("if_else", {known, null, original}, call.context);
  };
  return Resolution{type, std::move(kernel)};
}

// Keeps the running winner; NULL loses against everything.
Resolve Extreme(Comparison wins) {
  return [wins](CallSite& site) -> Result<Resolution> {
    ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon());
    if (IsNull(*type))
      return Resolution{type, [](const KernelCall& call) -> Result<Datum> { return call.args[0]; }};
    if (!IsSupported(*type)) {
      return site.Error(kTypeMismatch,
                        fmt::format("values of type {} cannot be compared", type->ToString()));
    }
    Kernel kernel = [better = CompareKernel(wins, *type)](const KernelCall& call) -> Result<Datum> {
      Datum best = call.args[0];
      for (size_t i = 1; i < call.args.size(); ++i) {
        const std::vector<Datum> pair = {call.args[i], best};
        ARROW_ASSIGN_OR_RAISE(auto wins, better(KernelCall{pair, call.rows, call.context}));
        // Unknown when one is NULL: then the newcomer wins only against a NULL.
        ARROW_ASSIGN_OR_RAISE(auto best_is_null, CallArrow("is_null", {best}, call.context));
        ARROW_ASSIGN_OR_RAISE(auto replace,
                              CallArrow("coalesce", {wins, best_is_null}, call.context));
        ARROW_ASSIGN_OR_RAISE(best,
                              CallArrow("if_else", {replace, call.args[i], best}, call.context));
      }
      return best;
    };
    return Resolution{type, std::move(kernel)};
  };
}

// IS [NOT] TRUE/FALSE: never NULL.
Kernel IsTruth(bool value, bool negated) {
  return [=](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto known,
                          CallArrow("coalesce", {call.args[0], Datum(!value)}, call.context));
    return value != negated ? Result<Datum>(known) : CallArrow("invert", {known}, call.context);
  };
}

}  // namespace

void AddConditionalFunctions(std::vector<Function>* table) {
  const auto add = [&](const char* category, const char* name, const char* signature,
                       const char* summary, const char* example, Parameters parameters,
                       Resolve resolve) {
    table->push_back({name, category, signature, summary, example, signature, std::move(parameters),
                      std::move(resolve)});
  };
  const Parameters bools = {{Param::kBool, Param::kBool}, 0, true};
  const Parameters any = {{Param::kAny}};
  const Parameters any_number = {{Param::kAny}, 0, true};
  add(kLogic, "and", "x AND y",
      "TRUE if both are, FALSE if one is FALSE, else NULL. A later operand is computed only where "
      "it matters.",
      "NULL AND FALSE -> FALSE; NULL AND TRUE -> NULL; FALSE AND 1 / 0 > 1 -> FALSE", bools,
      Lazily(BoundKind::kAnd));
  add(kLogic, "or", "x OR y", "TRUE if one is, FALSE if both are FALSE, else NULL.",
      "NULL OR TRUE -> TRUE; NULL OR FALSE -> NULL", bools, Lazily(BoundKind::kOr));
  add(kLogic, "not", "NOT x", "The opposite; NULL stays NULL.",
      "NOT TRUE -> FALSE; NOT NULL -> NULL", {{Param::kBool}},
      Always(arrow::boolean(), ArrowKernel("invert")));
  add(kLogic, "is null", "x IS NULL", "TRUE for NULL, else FALSE.",
      "NULL IS NULL -> TRUE; 0 IS NULL -> FALSE", any,
      Always(arrow::boolean(), ArrowKernel("is_null")));
  add(kLogic, "is not null", "x IS NOT NULL", "FALSE for NULL, else TRUE.",
      "'' IS NOT NULL -> TRUE", any, Always(arrow::boolean(), ArrowKernel("is_valid")));
  const Parameters one_bool = {{Param::kBool}};
  add(kLogic, "is true", "x IS TRUE", "TRUE for TRUE, else FALSE.", "NULL IS TRUE -> FALSE",
      one_bool, Always(arrow::boolean(), IsTruth(true, false)));
  add(kLogic, "is not true", "x IS NOT TRUE", "FALSE for TRUE, else TRUE.",
      "NULL IS NOT TRUE -> TRUE", one_bool, Always(arrow::boolean(), IsTruth(true, true)));
  add(kLogic, "is false", "x IS FALSE", "TRUE for FALSE, else FALSE.", "NULL IS FALSE -> FALSE",
      one_bool, Always(arrow::boolean(), IsTruth(false, false)));
  add(kLogic, "is not false", "x IS NOT FALSE", "FALSE for FALSE, else TRUE.",
      "FALSE IS NOT FALSE -> FALSE", one_bool, Always(arrow::boolean(), IsTruth(false, true)));
  add(kConditional, "case", "CASE WHEN condition THEN value ... [ELSE value] END",
      "The value of the first condition that is TRUE, else the ELSE value or NULL. Also CASE x "
      "WHEN y THEN .... Only the "
      "value taken is computed.",
      "CASE WHEN 0 <> 0 THEN 1 / 0 ELSE 2e0 END -> 2e0; CASE 3 WHEN 3 THEN 'three' END -> 'three'",
      any_number, ResolveCase);
  table->push_back({"if",
                    kConditional,
                    "if(condition, value, otherwise)",
                    "value where the condition is TRUE, else otherwise.",
                    "if(2 > 1, 'yes', 'no') -> 'yes'",
                    "if(condition, value, otherwise)",
                    {{Param::kBool, Param::kAny, Param::kAny}},
                    ResolveCase,
                    "iff"});
  table->push_back(
      {"coalesce", kConditional, "coalesce(x, y, ...)",
       "The first that is not NULL. Later ones are computed only where they are needed.",
       "coalesce(NULL, 2, 3) -> 2", "coalesce(x, y, ...)", any_number, ResolveCoalesce});
  table->push_back({"ifnull",
                    kConditional,
                    "ifnull(x, y)",
                    "x, or y where x is NULL.",
                    "ifnull(NULL, 2) -> 2",
                    "ifnull(x, y)",
                    {{Param::kAny, Param::kAny}},
                    ResolveCoalesce,
                    "nvl"});
  table->push_back({"nullif",
                    kConditional,
                    "nullif(x, y)",
                    "NULL where x equals y, else x.",
                    "nullif(0, 0) -> NULL; nullif(5, 0) -> 5",
                    "nullif(x, y)",
                    {{Param::kAny, Param::kAny}},
                    ResolveNullIf});
  table->push_back({"greatest",
                    kConditional,
                    "greatest(x, y, ...)",
                    "The largest, leaving out NULLs; NaN is largest.",
                    "greatest(1, 3, NULL) -> 3",
                    "greatest(x, y, ...)",
                    {{Param::kAny, Param::kAny}, 0, true},
                    Extreme(Comparison::kGreater)});
  table->push_back({"least",
                    kConditional,
                    "least(x, y, ...)",
                    "The smallest, leaving out NULLs.",
                    "least(2, 1.5, NULL) -> 1.5",
                    "least(x, y, ...)",
                    {{Param::kAny, Param::kAny}, 0, true},
                    Extreme(Comparison::kLess)});
}

}  // namespace headrace::expr
