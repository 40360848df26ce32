#include "data/byte_size.h"

#include <arrow/type.h>

namespace headrace {
namespace {

// Bytes behind `rows` + 1 offsets, the offsets included.
template <typename Offset>
int64_t OffsetsAndText(const arrow::ArrayData& array) {
  if (array.buffers[1] == nullptr || array.length == 0) return 0;
  const auto* offsets = array.GetValues<Offset>(1);
  return (array.length + 1) * static_cast<int64_t>(sizeof(Offset)) +
         static_cast<int64_t>(offsets[array.length] - offsets[0]);
}

template <typename Offset>
int64_t ListBytes(const arrow::ArrayData& array) {
  if (array.buffers[1] == nullptr || array.length == 0) return 0;
  const auto* offsets = array.GetValues<Offset>(1);
  const auto items = array.child_data[0]->Slice(offsets[0], offsets[array.length] - offsets[0]);
  return (array.length + 1) * static_cast<int64_t>(sizeof(Offset)) + ReferencedBytes(*items);
}

int64_t WholeBuffers(const arrow::ArrayData& array) {
  int64_t bytes = 0;
  for (const auto& buffer : array.buffers) bytes += buffer ? buffer->size() : 0;
  for (const auto& child : array.child_data) bytes += ReferencedBytes(*child);
  return bytes;
}

int64_t ValueBytes(const arrow::ArrayData& array) {
  switch (array.type->id()) {
    case arrow::Type::NA:
      return 0;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return OffsetsAndText<int32_t>(array);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return OffsetsAndText<int64_t>(array);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return ListBytes<int32_t>(array);
    case arrow::Type::LARGE_LIST:
      return ListBytes<int64_t>(array);
    case arrow::Type::STRUCT: {
      int64_t bytes = 0;
      for (const auto& child : array.child_data) {
        bytes += ReferencedBytes(*child->Slice(array.offset, array.length));
      }
      return bytes;
    }
    default:
      break;
  }
  if (arrow::is_fixed_width(array.type->id()) && array.child_data.empty()) {
    return (array.length * array.type->bit_width() + 7) / 8;
  }
  return WholeBuffers(array);
}

int64_t GuessValueBytes(const arrow::DataType& type) {
  constexpr int64_t kTextBytes = 24;
  if (type.num_fields() > 0) {
    int64_t bytes = 8;
    for (const auto& field : type.fields()) bytes += 2 * GuessValueBytes(*field->type());
    return bytes;
  }
  if (arrow::is_fixed_width(type) && type.id() != arrow::Type::DICTIONARY) {
    return std::max(1, type.bit_width() / 8);
  }
  return kTextBytes;
}

}  // namespace

int64_t ReferencedBytes(const arrow::ArrayData& array) {
  const bool has_validity = !array.buffers.empty() && array.buffers[0] != nullptr;
  int64_t bytes = ValueBytes(array) + (has_validity ? (array.length + 7) / 8 : 0);
  if (array.dictionary) bytes += ReferencedBytes(*array.dictionary);
  return bytes;
}

int64_t ReferencedBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (int column = 0; column < batch.num_columns(); ++column) {
    bytes += ReferencedBytes(*batch.column_data(column));
  }
  return bytes;
}

int64_t GuessRowBytes(const arrow::Schema& schema) {
  int64_t bytes = 0;
  for (const auto& field : schema.fields()) bytes += GuessValueBytes(*field->type());
  return bytes;
}

}  // namespace headrace
