#include "source/schema_union.h"

#include <algorithm>

namespace headrace {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

// Decimal digits that every integer of a type fits in.
int IntegerDigits(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::INT8:
    case arrow::Type::UINT8:
      return 3;
    case arrow::Type::INT16:
    case arrow::Type::UINT16:
      return 5;
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
      return 10;
    case arrow::Type::INT64:
      return 19;
    default:
      return 20;
  }
}

int BitsOf(const arrow::DataType& type) {
  return static_cast<const arrow::FixedWidthType&>(type).bit_width();
}

TypePtr WidenedInteger(const TypePtr& one, const TypePtr& other) {
  const bool one_signed = arrow::is_signed_integer(one->id());
  if (one_signed == arrow::is_signed_integer(other->id()))
    return BitsOf(*one) >= BitsOf(*other) ? one : other;
  const int unsigned_bits = BitsOf(one_signed ? *other : *one);
  const int bits = std::max(unsigned_bits * 2, BitsOf(one_signed ? *one : *other));
  if (bits == 16) return arrow::int16();
  if (bits == 32) return arrow::int32();
  return bits == 64 ? arrow::int64() : arrow::decimal128(20, 0);
}

TypePtr WidenedFloat(const TypePtr& one, const TypePtr& other) {
  const bool both = arrow::is_floating(one->id()) && arrow::is_floating(other->id());
  if (both) return BitsOf(*one) >= BitsOf(*other) ? one : other;
  const TypePtr& floating = arrow::is_floating(one->id()) ? one : other;
  const int integer_bits = BitsOf(arrow::is_floating(one->id()) ? *other : *one);
  // Every integer of 16 bits has a float of 32, of 32 bits one of 64; not all of 64 bits have one.
  if (integer_bits > 32 || floating->id() == arrow::Type::HALF_FLOAT) return nullptr;
  return integer_bits > 16 ? arrow::float64() : floating;
}

TypePtr WidenedDecimal(const TypePtr& one, const TypePtr& other) {
  const auto shape = [](const arrow::DataType& type) {
    if (!arrow::is_decimal(type.id())) return std::pair(IntegerDigits(type.id()), 0);
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    return std::pair(decimal.precision() - decimal.scale(), decimal.scale());
  };
  const auto [whole, scale] = shape(*one);
  const auto [other_whole, other_scale] = shape(*other);
  const int digits = std::max(whole, other_whole) + std::max(scale, other_scale);
  if (digits > arrow::Decimal128Type::kMaxPrecision) return nullptr;
  return arrow::decimal128(digits, std::max(scale, other_scale));
}

TypePtr WidenedTime(const TypePtr& one, const TypePtr& other) {
  const auto is_date = [](const arrow::DataType& t) { return t.id() == arrow::Type::DATE32; };
  if (one->id() == arrow::Type::TIMESTAMP && other->id() == arrow::Type::TIMESTAMP) {
    const auto& a = static_cast<const arrow::TimestampType&>(*one);
    const auto& b = static_cast<const arrow::TimestampType&>(*other);
    if (a.timezone().empty() != b.timezone().empty()) return nullptr;
    return arrow::timestamp(std::max(a.unit(), b.unit()), a.timezone());
  }
  const TypePtr& instant = is_date(*one) ? other : one;
  if (!(is_date(*one) || is_date(*other)) || instant->id() != arrow::Type::TIMESTAMP)
    return nullptr;
  const auto& type = static_cast<const arrow::TimestampType&>(*instant);
  return type.timezone().empty() ? instant : nullptr;  // a day is no instant
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         (arrow::is_decimal(type.id()) && type.id() != arrow::Type::DECIMAL256);
}

}  // namespace

bool IsSameColumn(const arrow::DataType& type, const arrow::DataType& other) {
  const auto is_text = [](const arrow::DataType& t) {
    return arrow::is_string(t.id()) || t.id() == arrow::Type::STRING_VIEW;
  };
  if (is_text(type) && is_text(other)) return true;
  if (type.id() == arrow::Type::TIMESTAMP && other.id() == arrow::Type::TIMESTAMP) {
    const auto& one = static_cast<const arrow::TimestampType&>(type);
    const auto& two = static_cast<const arrow::TimestampType&>(other);
    return one.unit() == two.unit() && one.timezone().empty() == two.timezone().empty();
  }
  return type.Equals(other);
}

TypePtr WidenedType(const TypePtr& one, const TypePtr& other) {
  if (IsSameColumn(*one, *other)) return one;
  if (one->id() == arrow::Type::NA) return other;
  if (other->id() == arrow::Type::NA) return one;
  if (!IsNumber(*one) || !IsNumber(*other)) return WidenedTime(one, other);
  const bool floating = arrow::is_floating(one->id()) || arrow::is_floating(other->id());
  const bool decimal = arrow::is_decimal(one->id()) || arrow::is_decimal(other->id());
  if (floating && decimal) return nullptr;
  if (floating) return WidenedFloat(one, other);
  return decimal ? WidenedDecimal(one, other) : WidenedInteger(one, other);
}

int SchemaUnion::IndexOf(const std::string& name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i]->name() == name) return static_cast<int>(i);
  }
  return -1;
}

Status SchemaUnion::Add(const arrow::FieldVector& fields, const std::string& path,
                        std::string_view kind) {
  if (!any_) {
    any_ = true;
    fields_ = fields;
    origins_.assign(fields.size(), path);
    return Status::OK();
  }
  return mode_ == SchemaMode::kStrict ? AddStrict(fields, path, kind)
                                      : AddUnion(fields, path, kind);
}

Status SchemaUnion::TypesDiffer(const arrow::Field& field, const arrow::DataType& other,
                                size_t origin, const std::string& path,
                                std::string_view kind) const {
  const bool may_widen = mode_ == SchemaMode::kStrict;
  return MakeError(ErrorKind::kBadInput, 511,
                   "column has different types in the {} files{}: '{}' is {} in {}, {} in {}", kind,
                   may_widen ? "; --schema-mode union widens what can be widened"
                             : ", and no type holds both without loss",
                   field.name(), field.type()->ToString(), origins_[origin], other.ToString(),
                   path);
}

Status SchemaUnion::AddStrict(const arrow::FieldVector& fields, const std::string& path,
                              std::string_view kind) {
  const auto missing = [&](const std::string& name, const std::string& here,
                           const std::string& not_here) {
    return MakeError(ErrorKind::kBadInput, 510,
                     "column is missing in one of the {} files; --schema-mode union fills it with "
                     "NULL: '{}' is in {}, not in {}",
                     kind, name, here, not_here);
  };
  for (size_t i = 0; i < fields_.size(); ++i) {
    auto& field = fields_[i];
    const auto same = [&](const auto& other) { return other->name() == field->name(); };
    const auto other = std::find_if(fields.begin(), fields.end(), same);
    if (other == fields.end()) return missing(field->name(), origins_[i], path);
    if (!IsSameColumn(*field->type(), *(*other)->type()))
      return TypesDiffer(*field, *(*other)->type(), i, path, kind);
    if ((*other)->nullable()) field = field->WithNullable(true);
  }
  for (const auto& other : fields) {
    if (IndexOf(other->name()) < 0)
      return missing(other->name(), path, origins_.empty() ? "the first" : origins_[0]);
  }
  return Status::OK();
}

Status SchemaUnion::AddUnion(const arrow::FieldVector& fields, const std::string& path,
                             std::string_view kind) {
  std::vector<bool> seen(fields_.size(), false);
  for (const auto& other : fields) {
    const int index = IndexOf(other->name());
    if (index < 0) {
      fields_.push_back(other->WithNullable(true));
      origins_.push_back(path);
      differs_ = true;
      continue;
    }
    const auto i = static_cast<size_t>(index);
    if (i < seen.size()) seen[i] = true;
    const auto type = WidenedType(fields_[i]->type(), other->type());
    if (type == nullptr) return TypesDiffer(*fields_[i], *other->type(), i, path, kind);
    if (!type->Equals(*fields_[i]->type())) {
      fields_[i] = fields_[i]->WithType(type);
      origins_[i] = path;
      differs_ = true;
    } else if (!type->Equals(*other->type())) {
      differs_ = true;
    }
    if (other->nullable()) fields_[i] = fields_[i]->WithNullable(true);
  }
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) continue;
    fields_[i] = fields_[i]->WithNullable(true);
    differs_ = true;
  }
  return Status::OK();
}

}  // namespace headrace
