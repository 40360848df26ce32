#include "source/arrow/carried_type.h"

#include <arrow/extension_type.h>

namespace headrace {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

Status NotCarried(const arrow::DataType& type) {
  return Status::NotImplemented("type ", type.ToString());
}

// Values inside others may always be NULL: whether a promise to the contrary is kept cannot be told
// cheaply.
Result<std::shared_ptr<arrow::Field>> CarriedField(const std::shared_ptr<arrow::Field>& field) {
  const TypePtr& type = StorageTypeOf(field->type());
  if (type->id() == Type::DICTIONARY) return NotCarried(*field->type());
  ARROW_ASSIGN_OR_RAISE(auto carried, CarriedType(type));
  return arrow::field(field->name(), std::move(carried));
}

Result<TypePtr> CarriedStruct(const arrow::DataType& type) {
  arrow::FieldVector fields;
  for (const auto& field : type.fields()) {
    ARROW_ASSIGN_OR_RAISE(auto carried, CarriedField(field));
    fields.push_back(std::move(carried));
  }
  return arrow::struct_(std::move(fields));
}

Result<TypePtr> CarriedMap(const arrow::MapType& type) {
  ARROW_ASSIGN_OR_RAISE(auto key, CarriedField(type.key_field()));
  ARROW_ASSIGN_OR_RAISE(auto item, CarriedField(type.item_field()));
  return std::make_shared<arrow::MapType>(key->WithNullable(false), std::move(item),
                                          type.keys_sorted());
}

}  // namespace

const TypePtr& StorageTypeOf(const TypePtr& type) {
  if (type->id() != Type::EXTENSION) return type;
  return static_cast<const arrow::ExtensionType&>(*type).storage_type();
}

Result<TypePtr> CarriedType(const TypePtr& given) {
  const TypePtr& type = StorageTypeOf(given);
  switch (type->id()) {
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::BINARY_VIEW:
      return arrow::binary();
    case Type::DICTIONARY: {
      const auto& values = static_cast<const arrow::DictionaryType&>(*type).value_type();
      if (StorageTypeOf(values)->id() == Type::DICTIONARY) return NotCarried(*given);
      return CarriedType(values);
    }
    case Type::LIST: {
      ARROW_ASSIGN_OR_RAISE(auto field, CarriedField(type->field(0)));
      return arrow::list(std::move(field));
    }
    case Type::LARGE_LIST: {
      ARROW_ASSIGN_OR_RAISE(auto field, CarriedField(type->field(0)));
      return arrow::large_list(std::move(field));
    }
    case Type::FIXED_SIZE_LIST: {
      ARROW_ASSIGN_OR_RAISE(auto field, CarriedField(type->field(0)));
      return arrow::fixed_size_list(
          std::move(field), static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    }
    case Type::STRUCT:
      return CarriedStruct(*type);
    case Type::MAP:
      return CarriedMap(static_cast<const arrow::MapType&>(*type));
    case Type::NA:
    case Type::STRING:
    case Type::BINARY:
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return type;
    default:
      if (arrow::is_fixed_width(*type)) return type;
      return NotCarried(*given);
  }
}

}  // namespace headrace
