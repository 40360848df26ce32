#include "expr/types.h"

#include "expr/value_text.h"

namespace headrace::expr {

using arrow::Type;

const TypePtr& TimestampType() {
  static const TypePtr kType = arrow::timestamp(arrow::TimeUnit::MICRO);
  return kType;
}

const TypePtr& TimestampTzType() {
  static const TypePtr kType = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return kType;
}

const TypePtr& TimeType() {
  static const TypePtr kType = arrow::time64(arrow::TimeUnit::MICRO);
  return kType;
}

bool IsInteger(const arrow::DataType& type) { return arrow::is_integer(type.id()); }
bool IsUnsigned(const arrow::DataType& type) { return arrow::is_unsigned_integer(type.id()); }
bool IsReal(const arrow::DataType& type) {
  return type.id() == Type::FLOAT || type.id() == Type::DOUBLE;
}
bool IsDecimal(const arrow::DataType& type) { return type.id() == Type::DECIMAL128; }
bool IsNumeric(const arrow::DataType& type) {
  return IsInteger(type) || IsReal(type) || IsDecimal(type);
}
bool IsTimestamp(const arrow::DataType& type) { return type.id() == Type::TIMESTAMP; }
bool IsDate(const arrow::DataType& type) { return type.id() == arrow::Type::DATE32; }
bool IsTemporal(const arrow::DataType& type) {
  return type.id() == Type::DATE32 || type.id() == Type::TIME64 || IsTimestamp(type);
}
bool IsNull(const arrow::DataType& type) { return type.id() == Type::NA; }

bool IsSupported(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::NA:
    case Type::BOOL:
    case Type::STRING:
    case Type::BINARY:
    case Type::DATE32:
      return true;
    case Type::TIMESTAMP:
      return type.Equals(*TimestampType()) || type.Equals(*TimestampTzType());
    case Type::TIME64:
      return type.Equals(*TimeType());
    case Type::DECIMAL128:
      return Scale(type) >= 0 && Scale(type) <= Precision(type);
    default:
      return IsNumeric(type);
  }
}

TypePtr NormalType(const TypePtr& type) {
  if (IsSupported(*type)) return type;
  switch (type->id()) {
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::DATE64:
      return arrow::date32();
    case Type::HALF_FLOAT:
      return arrow::float32();
    case Type::TIME32:
    case Type::TIME64:
      return TimeType();
    case Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(*type).timezone().empty() ? TimestampType()
                                                                                : TimestampTzType();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      const bool fits = decimal.precision() <= kMaxDecimalPrecision && decimal.scale() >= 0 &&
                        decimal.scale() <= decimal.precision();
      return fits ? arrow::decimal128(decimal.precision(), decimal.scale()) : nullptr;
    }
    case Type::DICTIONARY:
      return NormalType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    default:
      return nullptr;
  }
}

int Precision(const arrow::DataType& decimal) {
  return static_cast<const arrow::DecimalType&>(decimal).precision();
}
int Scale(const arrow::DataType& decimal) {
  return static_cast<const arrow::DecimalType&>(decimal).scale();
}

TypePtr DecimalFor(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT8:
    case Type::UINT8:
      return arrow::decimal128(3, 0);
    case Type::INT16:
    case Type::UINT16:
      return arrow::decimal128(5, 0);
    case Type::INT32:
    case Type::UINT32:
      return arrow::decimal128(10, 0);
    case Type::INT64:
    case Type::UINT64:
      return arrow::decimal128(20, 0);
    case Type::DECIMAL128:
      return arrow::decimal128(Precision(type), Scale(type));
    default:
      return nullptr;
  }
}

namespace {

TypePtr CommonInteger(const TypePtr& left, const TypePtr& right) {
  const int left_bits = left->bit_width();
  const int right_bits = right->bit_width();
  if (IsUnsigned(*left) == IsUnsigned(*right)) return left_bits >= right_bits ? left : right;
  const TypePtr& unsigned_type = IsUnsigned(*left) ? left : right;
  const TypePtr& signed_type = IsUnsigned(*left) ? right : left;
  const int bits = std::max(unsigned_type->bit_width() * 2, signed_type->bit_width());
  switch (bits) {
    case 16:
      return arrow::int16();
    case 32:
      return arrow::int32();
    case 64:
      return arrow::int64();
    default:
      return arrow::decimal128(20, 0);
  }
}

}  // namespace

TypePtr CommonType(const TypePtr& left, const TypePtr& right) {
  if (IsNull(*left) || left->Equals(*right)) return right;
  if (IsNull(*right)) return left;
  if (IsNumeric(*left) && IsNumeric(*right)) {
    if (IsReal(*left) || IsReal(*right)) return arrow::float64();
    if (IsInteger(*left) && IsInteger(*right)) return CommonInteger(left, right);
    const TypePtr a = DecimalFor(*left);
    const TypePtr b = DecimalFor(*right);
    const int scale = std::max(Scale(*a), Scale(*b));
    const int precision = std::max(Precision(*a) - Scale(*a), Precision(*b) - Scale(*b)) + scale;
    return precision <= kMaxDecimalPrecision ? arrow::decimal128(precision, scale) : nullptr;
  }
  const bool left_date = left->id() == Type::DATE32;
  const bool right_date = right->id() == Type::DATE32;
  if (left_date && IsTimestamp(*right)) return right;
  if (right_date && IsTimestamp(*left)) return left;
  return nullptr;
}

}  // namespace headrace::expr
