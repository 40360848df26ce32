#include "expr/compare.h"

#include "expr/operand.h"

namespace headrace::expr {
namespace {

template <typename T>
struct Equal {
  static bool Holds(T a, T b) { return (a == b) | ((a != a) & (b != b)); }
};
template <typename T>
struct NotEqual {
  static bool Holds(T a, T b) { return !Equal<T>::Holds(a, b); }
};
template <typename T>
struct Less {
  static bool Holds(T a, T b) { return (a < b) | ((b != b) & (a == a)); }
};
template <typename T>
struct LessEqual {
  static bool Holds(T a, T b) { return !Less<T>::Holds(b, a); }
};
template <typename T>
struct Greater {
  static bool Holds(T a, T b) { return Less<T>::Holds(b, a); }
};
template <typename T>
struct GreaterEqual {
  static bool Holds(T a, T b) { return !Less<T>::Holds(a, b); }
};

// Steps are template arguments so that the inner loop of eight is free of branches and vectorizes.
template <typename T, typename Op, int kLeftStep, int kRightStep>
void CompareRows(const T* left, const T* right, int64_t rows, uint8_t* bits) {
  int64_t row = 0;
  for (; row + 8 <= rows; row += 8) {
    uint8_t byte = 0;
    for (int bit = 0; bit < 8; ++bit) {
      byte |= static_cast<uint8_t>(
          Op::Holds(left[(row + bit) * kLeftStep], right[(row + bit) * kRightStep]) << bit);
    }
    bits[row / 8] = byte;
  }
  for (; row < rows; ++row) {
    arrow::bit_util::SetBitTo(bits, row, Op::Holds(left[row * kLeftStep], right[row * kRightStep]));
  }
}

template <typename T, typename Op>
Result<Datum> CompareReals(const KernelCall& call) {
  ARROW_ASSIGN_OR_RAISE(auto operands, MakeOperands(call));
  ARROW_ASSIGN_OR_RAISE(auto validity, internal::CombineValidity(operands, call.rows, call.pool()));
  ARROW_ASSIGN_OR_RAISE(
      auto values, internal::AllocateZeroed(arrow::bit_util::BytesForBits(call.rows), call.pool()));
  const T* left = operands[0].values<T>();
  const T* right = operands[1].values<T>();
  uint8_t* bits = values->mutable_data();
  if (operands[1].is_constant() && operands[0].is_constant()) {
    CompareRows<T, Op, 0, 0>(left, right, call.rows, bits);
  } else if (operands[1].is_constant()) {
    CompareRows<T, Op, 1, 0>(left, right, call.rows, bits);
  } else if (operands[0].is_constant()) {
    CompareRows<T, Op, 0, 1>(left, right, call.rows, bits);
  } else {
    CompareRows<T, Op, 1, 1>(left, right, call.rows, bits);
  }
  return internal::FinishFixed(call, arrow::boolean(), std::move(validity), std::move(values));
}

const char* ArrowName(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return "equal";
    case Comparison::kNotEqual:
      return "not_equal";
    case Comparison::kLess:
      return "less";
    case Comparison::kLessEqual:
      return "less_equal";
    case Comparison::kGreater:
      return "greater";
    case Comparison::kGreaterEqual:
      break;
  }
  return "greater_equal";
}

bool IsNumber(const Datum& datum) {
  if (!datum.is_scalar() || !datum.scalar()->is_valid) return false;
  const arrow::Scalar& value = *datum.scalar();
  const double number = value.type->id() == arrow::Type::FLOAT
                            ? static_cast<const arrow::FloatScalar&>(value).value
                            : static_cast<const arrow::DoubleScalar&>(value).value;
  return number == number;
}

// Beside a constant that is a number, IEEE order differs only for NaN rows, which > and >= hold
// for: they are computed as the opposite of <= and <, which do not.
Result<Datum> CompareWithNumber(Comparison comparison, const Datum& column, const Datum& number,
                                arrow::compute::ExecContext* context) {
  const bool above = comparison == Comparison::kGreater || comparison == Comparison::kGreaterEqual;
  if (!above) return CallArrow(ArrowName(comparison), {column, number}, context);
  const char* opposite = comparison == Comparison::kGreater ? "less_equal" : "less";
  ARROW_ASSIGN_OR_RAISE(auto below, CallArrow(opposite, {column, number}, context));
  return CallArrow("invert", {below}, context);
}

Comparison Mirrored(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessEqual:
      return Comparison::kGreaterEqual;
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kGreaterEqual:
      return Comparison::kLessEqual;
    default:
      return comparison;
  }
}

template <typename T>
Kernel RealKernel(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return CompareReals<T, Equal<T>>;
    case Comparison::kNotEqual:
      return CompareReals<T, NotEqual<T>>;
    case Comparison::kLess:
      return CompareReals<T, Less<T>>;
    case Comparison::kLessEqual:
      return CompareReals<T, LessEqual<T>>;
    case Comparison::kGreater:
      return CompareReals<T, Greater<T>>;
    case Comparison::kGreaterEqual:
      break;
  }
  return CompareReals<T, GreaterEqual<T>>;
}

}  // namespace

Kernel CompareKernel(Comparison comparison, const arrow::DataType& type) {
  if (!IsReal(type)) return ArrowKernel(ArrowName(comparison));
  const bool single = type.id() == arrow::Type::FLOAT;
  return [comparison,
          columns = single ? RealKernel<float>(comparison) : RealKernel<double>(comparison)](
             const KernelCall& call) -> Result<Datum> {
    if (IsNumber(call.args[1])) {
      return CompareWithNumber(comparison, call.args[0], call.args[1], call.context);
    }
    if (IsNumber(call.args[0])) {
      return CompareWithNumber(Mirrored(comparison), call.args[1], call.args[0], call.context);
    }
    return columns(call);
  };
}

}  // namespace headrace::expr
