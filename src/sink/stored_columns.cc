#include "sink/stored_columns.h"

#include <arrow/array/concatenate.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <numeric>

#include "data/byte_size.h"
#include "data/row_codec.h"

namespace headrace {
namespace {

using arrow::Type;

std::shared_ptr<arrow::DataType> StoredType(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::BINARY_VIEW:
      return arrow::binary();
    case Type::DICTIONARY:
      return StoredType(
          arrow::internal::checked_cast<const arrow::DictionaryType&>(*type).value_type());
    default:
      return type;
  }
}

bool HasViews(const arrow::DataType& type) {
  if (type.id() == Type::STRING_VIEW || type.id() == Type::BINARY_VIEW) return true;
  const auto& fields = type.fields();
  return std::any_of(fields.begin(), fields.end(),
                     [](const auto& field) { return HasViews(*field->type()); });
}

Result<std::shared_ptr<arrow::Array>> CastTo(const std::shared_ptr<arrow::Array>& column,
                                             const std::shared_ptr<arrow::DataType>& type,
                                             arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum cast,
                        arrow::compute::Cast(arrow::Datum(column), type,
                                             arrow::compute::CastOptions::Safe(), &context));
  return cast.make_array();
}

// Concatenation copies everything but the heaps of views, so nested views take the way through
// rows.
Result<std::shared_ptr<arrow::Array>> CopyColumn(const std::shared_ptr<arrow::Array>& column,
                                                 arrow::MemoryPool* pool) {
  if (!HasViews(*column->type())) return arrow::Concatenate({column}, pool);
  ARROW_ASSIGN_OR_RAISE(const auto layout,
                        RowLayout::Make(arrow::schema({arrow::field("", column->type())})));
  std::vector<int32_t> indices(static_cast<size_t>(column->length()));
  std::iota(indices.begin(), indices.end(), 0);
  ARROW_ASSIGN_OR_RAISE(const EncodedRows rows, EncodeRows(*layout, {column}, indices, pool));
  const RowSpan span{rows.bytes->data(), rows.bytes->size(), rows.rows};
  ARROW_ASSIGN_OR_RAISE(const auto copy, DecodeRows(*layout, {&span, 1}, pool));
  return copy->column(0);
}

enum class Sharing : uint8_t { kShare, kCopy };

Result<std::shared_ptr<arrow::RecordBatch>> Store(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                  const std::shared_ptr<arrow::Schema>& stored,
                                                  Sharing sharing, arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  columns.reserve(static_cast<size_t>(batch->num_columns()));
  for (int i = 0; i < batch->num_columns(); ++i) {
    std::shared_ptr<arrow::Array> column = batch->column(i);
    const auto& type = stored->field(i)->type();
    if (column->type_id() != type->id()) {
      ARROW_ASSIGN_OR_RAISE(column, CastTo(column, type, pool));
    } else if (sharing == Sharing::kCopy) {
      ARROW_ASSIGN_OR_RAISE(column, CopyColumn(column, pool));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(stored, batch->num_rows(), std::move(columns));
}

}  // namespace

bool HasViews(const arrow::Schema& schema) {
  const auto& fields = schema.fields();
  return std::any_of(fields.begin(), fields.end(),
                     [](const auto& field) { return HasViews(*field->type()); });
}

std::shared_ptr<arrow::Schema> StoredSchema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields())
    fields.push_back(field->WithType(StoredType(field->type())));
  return arrow::schema(std::move(fields), schema.metadata());
}

Result<std::shared_ptr<arrow::RecordBatch>> ConvertToStored(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::shared_ptr<arrow::Schema>& stored,
    arrow::MemoryPool* pool) {
  return Store(batch, stored, Sharing::kShare, pool);
}

Result<std::shared_ptr<arrow::RecordBatch>> CopyToStored(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::shared_ptr<arrow::Schema>& stored,
    arrow::MemoryPool* pool) {
  return Store(batch, stored, Sharing::kCopy, pool);
}

std::vector<std::shared_ptr<arrow::RecordBatch>> SliceByBytes(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t bytes_max) {
  const int64_t bytes = std::max<int64_t>(1, ReferencedBytes(*batch));
  if (bytes <= bytes_max || batch->num_rows() <= 1) return {batch};
  const int64_t pieces = (bytes + bytes_max - 1) / bytes_max;
  const int64_t rows = std::max<int64_t>(1, batch->num_rows() / pieces);
  std::vector<std::shared_ptr<arrow::RecordBatch>> slices;
  for (int64_t at = 0; at < batch->num_rows(); at += rows) slices.push_back(batch->Slice(at, rows));
  return slices;
}

}  // namespace headrace
