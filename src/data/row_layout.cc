#include "data/row_layout.h"

#include <arrow/extension_type.h>
#include <arrow/util/checked_cast.h>

namespace headrace {
namespace {

using arrow::Type;

Status CheckChildren(const arrow::DataType& type) {
  for (const auto& field : type.fields()) {
    ARROW_RETURN_NOT_OK(RowValueKindOf(*field->type()).status());
  }
  return Status::OK();
}

}  // namespace

const arrow::DataType& StorageOf(const arrow::DataType& type) {
  if (type.id() != Type::EXTENSION) return type;
  return *arrow::internal::checked_cast<const arrow::ExtensionType&>(type).storage_type();
}

Result<RowValueKind> RowValueKindOf(const arrow::DataType& given) {
  const arrow::DataType& type = StorageOf(given);
  switch (type.id()) {
    case Type::NA:
      return RowValueKind::kNull;
    case Type::BOOL:
      return RowValueKind::kBool;
    case Type::STRING:
    case Type::BINARY:
      return RowValueKind::kOffsets32;
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return RowValueKind::kOffsets64;
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return RowValueKind::kView;
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
    case Type::STRUCT:
      ARROW_RETURN_NOT_OK(CheckChildren(type));
      return RowValueKind::kNested;
    default:
      if (type.id() != Type::DICTIONARY && arrow::is_fixed_width(type)) return RowValueKind::kFixed;
      return MakeError(ErrorKind::kInvalidPlan, 214,
                       "rows cannot hold values of this type; cast the column first: {}",
                       given.ToString());
  }
}

int32_t RowValueWidth(const arrow::DataType& given) {
  const arrow::DataType& type = StorageOf(given);
  if (type.id() == Type::BOOL) return 1;
  return type.byte_width();
}

Result<std::shared_ptr<const RowLayout>> RowLayout::Make(
    const std::shared_ptr<arrow::Schema>& schema) {
  std::shared_ptr<RowLayout> layout(new RowLayout());
  const int count = schema->num_fields();
  int32_t end = 4 + (count + 7) / 8;
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    RowColumn column;
    column.type = field->type();
    if (column.type->id() == Type::DICTIONARY) {
      column.type =
          arrow::internal::checked_cast<const arrow::DictionaryType&>(*column.type).value_type();
    }
    auto kind = RowValueKindOf(*column.type);
    if (!kind.ok()) return WithContext(kind.status(), "column " + field->name());
    column.kind = *kind;
    if (column.kind == RowValueKind::kBool || column.kind == RowValueKind::kFixed) {
      column.width = RowValueWidth(*column.type);
    } else if (column.has_heap()) {
      column.width = 4;
      layout->has_heap_ = true;
    }
    column.slot = end;
    end += column.width;
    fields.push_back(field->WithType(column.type));
    layout->columns_.push_back(std::move(column));
  }
  layout->fixed_bytes_ = end;
  layout->schema_ = arrow::schema(std::move(fields), schema->metadata());
  return layout;
}

}  // namespace headrace
