// Functions of numbers.
#include <cmath>

#include "expr/function_table.h"
#include "expr/operand.h"
#include "expr/rounding.h"

namespace headrace::expr {
namespace {

constexpr char kNumericCategory[] = "Numbers";

// double -> double; where `compute` has no value the result is NULL.
template <typename Compute>
Resolve Real(Compute compute) {
  Kernel kernel = [compute](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<double>(
        call, arrow::float64(), operands, {OnFailure::kNull, {}},
        [&](int64_t row, double* out) { return compute(operands[0].value<double>(row), out); });
  };
  return Always(arrow::float64(), std::move(kernel));
}

Resolve Logarithm(double (*function)(double)) {
  return Real([function](double value, double* out) {
    *out = function(value);
    return !(value <= 0);
  });
}

Result<Resolution> ResolveAbs(CallSite& site) {
  const TypePtr& type = site.type(0);
  if (IsInteger(*type)) return Resolution{type, ArrowKernel("abs_checked"), true};
  return Resolution{type, ArrowKernel("abs")};
}

Result<Resolution> ResolveRound(CallSite& site) {
  const int64_t digits = site.count() > 1 ? site.integer(1) : 0;
  if (digits < -400 || digits > 400)
    return site.Error(1, kBadConstant, "round takes -400 to 400 digits");
  const TypePtr type = site.type(0);
  TypePtr out = type;
  Kernel round;
  if (IsInteger(*type)) {
    round = RoundIntegerKernel(type, digits);
  } else if (IsReal(*type)) {
    round = RoundRealKernel(type, digits);
  } else {
    // One more digit, since 9.9 rounds to 10.
    const int scale = static_cast<int>(std::clamp<int64_t>(digits, 0, Scale(*type)));
    const int whole =
        std::max<int64_t>(Precision(*type) - Scale(*type) + 1, digits < 0 ? 1 - digits : 0);
    const bool unchanged = digits >= Scale(*type);
    out =
        unchanged ? type : arrow::decimal128(std::min(whole + scale, kMaxDecimalPrecision), scale);
    round = RoundDecimalKernel(type, out, unchanged ? Scale(*type) : digits);
  }
  Kernel kernel = [round](const KernelCall& call) -> Result<Datum> {
    const std::vector<Datum> value = {call.args[0]};
    return round(KernelCall{value, call.rows, call.context});
  };
  const bool full = IsDecimal(*out) && Precision(*out) == kMaxDecimalPrecision;
  return Resolution{out, std::move(kernel), full || (IsInteger(*type) && digits < 0)};
}

Resolve FloorOrCeil(Rounding direction) {
  return [direction](CallSite& site) -> Result<Resolution> {
    const TypePtr type = site.type(0);
    if (IsInteger(*type) && type->id() != arrow::Type::UINT64) {
      ARROW_RETURN_NOT_OK(site.Coerce(0, arrow::int64()));
      return Resolution{arrow::int64(),
                        [](const KernelCall& call) -> Result<Datum> { return call.args[0]; }};
    }
    if (IsReal(*type)) {
      ARROW_RETURN_NOT_OK(site.Coerce(0, arrow::float64()));
      return Resolution{arrow::int64(), FloorRealKernel(direction), true};
    }
    const TypePtr exact = DecimalFor(*type);
    ARROW_RETURN_NOT_OK(site.Coerce(0, exact));
    const int whole = Precision(*exact) - Scale(*exact) + (Scale(*exact) > 0 ? 1 : 0);
    const TypePtr out = arrow::decimal128(std::clamp(whole, 1, kMaxDecimalPrecision), 0);
    return Resolution{out, FloorDecimalKernel(direction, exact, out)};
  };
}

Kernel PowerKernel() {
  return [](const KernelCall& call) -> Result<Datum> {
    ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
    return MapFixed<double>(call, arrow::float64(), operands, {}, [&](int64_t row, double* out) {
      *out = std::pow(operands[0].value<double>(row), operands[1].value<double>(row));
      return true;
    });
  };
}

}  // namespace

void AddNumericFunctions(std::vector<Function>* table) {
  const auto add = [&](const char* name, const char* signature, const char* summary,
                       const char* example, Parameters parameters, Resolve resolve,
                       const char* alias = nullptr) {
    table->push_back({name, kNumericCategory, signature, summary, example, signature,
                      std::move(parameters), std::move(resolve), alias});
  };
  const Parameters number = {{Param::kNumber}};
  const Parameters real = {{Param::kDouble}};
  add("abs", "abs(x)", "Magnitude, of the same type; of the smallest whole number an error.",
      "abs(-3) -> 3; abs(-1.5) -> 1.5", number, ResolveAbs);
  add("round", "round(x [, digits])",
      "Half away from zero at so many decimals; negative digits round to tens, hundreds and so on.",
      "round(2.5) -> 3; round(2.675e0, 2) -> 2.68e0; round(-1250, -2) -> -1300",
      {{Param::kNumber, Param::kConstantInteger}, 1}, ResolveRound);
  add("floor", "floor(x)", "Largest whole number not above x: int64, or a decimal of a decimal.",
      "floor(-1.5) -> -2; floor(2.7e0) -> 2", number, FloorOrCeil(Rounding::kFloor));
  add("ceil", "ceil(x)", "Smallest whole number not below x.", "ceil(1.2) -> 2; ceil(-1.5) -> -1",
      number, FloorOrCeil(Rounding::kCeil), "ceiling");
  add("sign", "sign(x)", "-1.0, 0.0 or 1.0.", "sign(-7) -> -1e0", real,
      Real([](double value, double* out) {
        *out = value > 0 ? 1.0 : value < 0 ? -1.0 : value;
        return true;
      }),
      "signum");
  add("sqrt", "sqrt(x)", "Square root; NaN of a negative number.",
      "sqrt(9) -> 3e0; sqrt(-1) -> 'nan'::double", real, Real([](double value, double* out) {
        *out = value < 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(value);
        return true;
      }));
  add("cbrt", "cbrt(x)", "Cube root.", "cbrt(27) -> 3e0", real, Real([](double value, double* out) {
        // One Newton step takes off the last bit the library's root is off by, so that 27 gives 3.
        const double root = std::cbrt(value);
        const bool refine = std::isfinite(root) && root != 0;
        *out = refine ? root - (root - value / (root * root)) / 3 : root;
        return true;
      }));
  add("exp", "exp(x)", "e to the power of x.", "exp(0) -> 1e0", real,
      Real([](double value, double* out) {
        *out = std::exp(value);
        return true;
      }));
  add("ln", "ln(x)", "Natural logarithm; NULL of zero and below.", "ln(1) -> 0e0; ln(0) -> NULL",
      real, Logarithm([](double value) { return std::log(value); }));
  add("log10", "log10(x)", "Logarithm to base 10; NULL of zero and below.",
      "log10(1000) -> 3e0; log10(-1) -> NULL", real,
      Logarithm([](double value) { return std::log10(value); }));
  add("log2", "log2(x)", "Logarithm to base 2; NULL of zero and below.", "log2(8) -> 3e0", real,
      Logarithm([](double value) { return std::log2(value); }));
  add("power", "power(x, y)", "x to the power of y, as double.", "power(2, 10) -> 1024e0",
      {{Param::kDouble, Param::kDouble}}, Always(arrow::float64(), PowerKernel()), "pow");
  add("isnan", "isnan(x)", "TRUE for NaN, FALSE for every other value and for NULL.",
      "isnan('nan'::double) -> TRUE; isnan(1) -> FALSE", real,
      Always(arrow::boolean(), [](const KernelCall& call) -> Result<Datum> {
        ARROW_ASSIGN_OR_RAISE(auto nan, CallArrow("is_nan", {call.args[0]}, call.context));
        return CallArrow("coalesce", {nan, Datum(false)}, call.context);
      }));
}

}  // namespace headrace::expr
