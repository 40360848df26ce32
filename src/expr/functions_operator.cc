// Arithmetic and text operators: types and table entries. The kernels are in arithmetic.cc.
#include <arrow/compute/api_scalar.h>

#include "expr/arithmetic.h"
#include "expr/date_kernels.h"
#include "expr/function_table.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

constexpr char kOperatorCategory[] = "Arithmetic";

Status WantNumbers(const CallSite& site) {
  for (size_t i = 0; i < site.count(); ++i) {
    const TypePtr& type = site.type(i);
    if (IsNumeric(*type) || IsNull(*type)) continue;
    const bool text = type->id() == arrow::Type::STRING;
    return site.Error(
        i, kTypeMismatch,
        fmt::format("an operand of {} must be a number, not {}", site.function().name,
                    TypeText(*type)),
        text ? "text is joined with || and becomes a number only by CAST(x AS double)" : "");
  }
  return Status::OK();
}

// An integer constant needs only the digits it has; a column needs those of its type.
TypePtr ExactDecimal(const BoundExpr& arg) {
  if (IsInteger(*arg.type()) && arg.is_literal() && arg.literal()->is_valid) {
    const std::string digits = arg.literal()->ToString();
    const int sign = digits.front() == '-';
    return arrow::decimal128(static_cast<int32_t>(digits.size()) - sign, 0);
  }
  return DecimalFor(*arg.type());
}

// The domain both operands are computed in.
enum class Domain : uint8_t { kInteger, kDecimal, kReal };

Result<Domain> ChooseDomain(CallSite& site) {
  ARROW_RETURN_NOT_OK(WantNumbers(site));
  const TypePtr left = site.type(0);
  const TypePtr right = site.type(1);
  if (IsNull(*left) || IsNull(*right)) {
    const TypePtr other = IsNull(*left) ? (IsNull(*right) ? arrow::float64() : right) : left;
    ARROW_RETURN_NOT_OK(site.Coerce(IsNull(*left) ? 0 : 1, other));
    if (IsNull(*right)) ARROW_RETURN_NOT_OK(site.Coerce(1, other));
    return IsReal(*other) ? Domain::kReal : IsDecimal(*other) ? Domain::kDecimal : Domain::kInteger;
  }
  if (IsReal(*left) || IsReal(*right)) return Domain::kReal;
  return IsDecimal(*left) || IsDecimal(*right) ? Domain::kDecimal : Domain::kInteger;
}

Result<TypePtr> CoerceToDecimals(CallSite& site, DecimalOperation operation) {
  for (size_t i : {size_t{0}, size_t{1}})
    ARROW_RETURN_NOT_OK(site.Coerce(i, ExactDecimal(*site.args()[i])));
  TypePtr out = DecimalResult(operation, *site.type(0), *site.type(1));
  if (out) return out;
  return site.Error(kDecimalTooWide,
                    fmt::format("{} {} {} needs more than 38 digits", TypeText(*site.type(0)),
                                site.function().name, TypeText(*site.type(1))),
                    "cast an operand to a decimal with fewer digits, or to double");
}

Result<Resolution> DecimalResolution(CallSite& site, char symbol) {
  const auto operation = symbol == '*' ? DecimalOperation::kMultiply : DecimalOperation::kAdd;
  ARROW_ASSIGN_OR_RAISE(auto out, CoerceToDecimals(site, operation));
  if (symbol == '*') return Resolution{out, DecimalMultiplyKernel(out)};
  if (symbol == '+') return Resolution{out, DecimalAddKernel(site.type(0), site.type(1), out)};
  return Resolution{out, DecimalSubtractKernel(site.type(0), site.type(1), out)};
}

Result<Resolution> NumberResolution(CallSite& site, char symbol) {
  ARROW_ASSIGN_OR_RAISE(const Domain domain, ChooseDomain(site));
  if (domain == Domain::kDecimal) return DecimalResolution(site, symbol);
  ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon());
  if (IsDecimal(*type)) return DecimalResolution(site, symbol);
  const char* name = symbol == '+'   ? "add_checked"
                     : symbol == '-' ? "subtract_checked"
                                     : "multiply_checked";
  return Resolution{type, ArrowKernel(name), domain == Domain::kInteger};
}

// date + days, days + date, date - days, date - date.
Result<Resolution> DateResolution(CallSite& site, bool minus) {
  if (IsDate(*site.type(1)) && !minus) {
    const BoundExprPtr first = site.args()[0];
    site.Replace(0, site.args()[1]);
    site.Replace(1, first);
  }
  if (IsDate(*site.type(0)) && IsDate(*site.type(1))) {
    if (minus) return Resolution{arrow::int32(), DaysBetweenKernel()};
    return site.Error(kTypeMismatch, "two dates cannot be added");
  }
  if (IsDate(*site.type(0)) && (IsInteger(*site.type(1)) || IsNull(*site.type(1)))) {
    ARROW_RETURN_NOT_OK(site.Coerce(1, arrow::int64()));
    return Resolution{arrow::date32(), AddDaysKernel(minus ? -1 : 1), true};
  }
  const bool both_times = IsTimestamp(*site.type(0)) && IsTimestamp(*site.type(1));
  return site.Error(kTypeMismatch,
                    fmt::format("{} {} {} is not defined", TypeText(*site.type(0)),
                                minus ? "-" : "+", TypeText(*site.type(1))),
                    both_times ? "subtract their epoch_us to get microseconds"
                               : "add an interval, as in x + INTERVAL 3 HOUR");
}

Resolve PlusOrMinus(bool minus) {
  return [minus](CallSite& site) -> Result<Resolution> {
    if (IsTemporal(*site.type(0)) || IsTemporal(*site.type(1))) return DateResolution(site, minus);
    return NumberResolution(site, minus ? '-' : '+');
  };
}

Result<Resolution> ResolveTimes(CallSite& site) { return NumberResolution(site, '*'); }

Resolve Divide(OnFailure on_zero) {
  return [on_zero](CallSite& site) -> Result<Resolution> {
    ARROW_ASSIGN_OR_RAISE(const Domain domain, ChooseDomain(site));
    const bool raises = on_zero == OnFailure::kError;
    if (domain == Domain::kDecimal) {
      ARROW_ASSIGN_OR_RAISE(auto out, CoerceToDecimals(site, DecimalOperation::kDivide));
      return Resolution{out, DecimalDivideKernel(site.type(0), site.type(1), out, on_zero), raises};
    }
    for (size_t i : {size_t{0}, size_t{1}}) ARROW_RETURN_NOT_OK(site.Coerce(i, arrow::float64()));
    return Resolution{arrow::float64(), RealDivideKernel(on_zero), raises};
  };
}

Result<Resolution> ResolveIntegralDivide(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(const Domain domain, ChooseDomain(site));
  if (domain == Domain::kReal) {
    const size_t real = IsReal(*site.type(0)) ? 0 : 1;
    return site.Error(real, kTypeMismatch, "div is for whole numbers and decimals",
                      "divide with /, or cast to int64");
  }
  ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon());
  return Resolution{arrow::int64(), IntegralDivideKernel(type, OnFailure::kError), true};
}

Result<Resolution> ResolveRemainder(CallSite& site) {
  ARROW_ASSIGN_OR_RAISE(const Domain domain, ChooseDomain(site));
  TypePtr out;
  if (domain == Domain::kDecimal) {
    ARROW_ASSIGN_OR_RAISE(out, CoerceToDecimals(site, DecimalOperation::kRemainder));
  }
  ARROW_ASSIGN_OR_RAISE(auto type, site.CoerceToCommon());
  return Resolution{out ? out : type, RemainderKernel(type, out ? out : type, OnFailure::kError),
                    true};
}

Result<Resolution> ResolveNegate(CallSite& site) {
  const TypePtr type = site.type(0);
  if (IsUnsigned(*type)) {
    // The type that holds every negated value.
    const TypePtr wider = type->id() == arrow::Type::UINT64 ? arrow::decimal128(20, 0)
                                                            : CommonType(type, arrow::int8());
    ARROW_RETURN_NOT_OK(site.Coerce(0, wider));
  }
  return Resolution{site.type(0), ArrowKernel("negate_checked"), IsInteger(*site.type(0))};
}

}  // namespace

void AddOperators(std::vector<Function>* table) {
  const Parameters two = {{Param::kAny, Param::kAny}};
  const auto add = [&](const char* name, const char* signature, const char* summary,
                       const char* example, Parameters parameters, Resolve resolve) {
    table->push_back({name, kOperatorCategory, signature, summary, example, signature,
                      std::move(parameters), std::move(resolve)});
  };
  add("+", "x + y",
      "Sum; of a date and a whole number, or an interval, a later date. Overflow of whole numbers "
      "is an error.",
      "1 + 2 -> 3; 1.5 + 1 -> 2.5; 2147483647 + 1 -> error", two, PlusOrMinus(false));
  add("-", "x - y", "Difference; of two dates, the days between them.",
      "3 - 5 -> -2; DATE '2024-03-01' - DATE '2024-02-01' -> 29", two, PlusOrMinus(true));
  add("*", "x * y", "Product. Decimals give decimal(p1+p2+1, s1+s2).",
      "6 * 7 -> 42; 1.5 * 1.5 -> 2.25", two, ResolveTimes);
  add("/", "x / y",
      "Quotient: double of whole numbers, decimal (rounded half up) of decimals. Division by zero "
      "is an error.",
      "7 / 2 -> 3.5e0; 1.00 / 3 -> 0.333333; 1 / 0 -> error", two, Divide(OnFailure::kError));
  add("div", "x div y", "Whole part of the quotient, toward zero, as int64.",
      "7 div 2 -> 3; -7 div 2 -> -3", two, ResolveIntegralDivide);
  add("%", "x % y", "Remainder with the sign of x. By zero it is an error.",
      "7 % 3 -> 1; -7 % 3 -> -1", two, ResolveRemainder);
  table->back().alias = "mod";
  add("negate", "- x", "The number with the other sign.", "-(2 + 3) -> -5", {{Param::kNumber}},
      ResolveNegate);
  table->push_back({"try_divide", kOperatorCategory, "try_divide(x, y)",
                    "x / y, and NULL where y is zero.",
                    "try_divide(1, 0) -> NULL; try_divide(1, 4) -> 0.25e0", "try_divide(x, y)", two,
                    Divide(OnFailure::kNull)});
}

}  // namespace headrace::expr
