#include "data/take_rows.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <limits>

namespace headrace {
namespace {

using Places = std::span<const int32_t>;

// nullptr when all of the rows are valid.
Result<std::shared_ptr<arrow::Buffer>> TakeValidity(const arrow::ArrayData& from, Places places,
                                                    int64_t* null_count, arrow::MemoryPool* pool) {
  *null_count = 0;
  if (!from.MayHaveNulls()) return nullptr;
  const uint8_t* const bits = from.buffers[0]->data();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> taken,
                        arrow::AllocateEmptyBitmap(static_cast<int64_t>(places.size()), pool));
  for (size_t i = 0; i < places.size(); ++i) {
    const bool valid = arrow::bit_util::GetBit(bits, from.offset + places[i]);
    arrow::bit_util::SetBitTo(taken->mutable_data(), static_cast<int64_t>(i), valid);
    *null_count += !valid;
  }
  if (*null_count == 0) taken.reset();
  return taken;
}

template <class Value>
void CopyValues(const uint8_t* from, Places places, uint8_t* to) {
  for (const int32_t place : places) {
    std::memcpy(to, from + int64_t{place} * static_cast<int64_t>(sizeof(Value)), sizeof(Value));
    to += sizeof(Value);
  }
}

Result<std::shared_ptr<arrow::Buffer>> TakeValues(const arrow::ArrayData& from, int64_t width,
                                                  Places places, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> taken,
                        arrow::AllocateBuffer(width * static_cast<int64_t>(places.size()), pool));
  if (places.empty()) return taken;
  const uint8_t* const values = from.buffers[1]->data() + from.offset * width;
  uint8_t* const out = taken->mutable_data();
  switch (width) {
    case 1:
      CopyValues<int8_t>(values, places, out);
      break;
    case 2:
      CopyValues<int16_t>(values, places, out);
      break;
    case 4:
      CopyValues<int32_t>(values, places, out);
      break;
    case 8:
      CopyValues<int64_t>(values, places, out);
      break;
    default:
      CopyValues<arrow::Decimal128>(values, places, out);
  }
  return taken;
}

// Offsets and bytes of a column of text. No rows of one batch have more than an offset can say, but
// a row may stand at several places.
Status TakeText(const arrow::ArrayData& from, Places places, arrow::MemoryPool* pool,
                std::shared_ptr<arrow::Buffer>* offsets, std::shared_ptr<arrow::Buffer>* bytes) {
  const auto* const begins = from.GetValues<int32_t>(1);
  ARROW_ASSIGN_OR_RAISE(
      *offsets,
      arrow::AllocateBuffer(static_cast<int64_t>((places.size() + 1) * sizeof(int32_t)), pool));
  auto* out = (*offsets)->mutable_data_as<int32_t>();
  int64_t length = 0;
  for (const int32_t place : places) {
    *out++ = static_cast<int32_t>(length);
    length += begins[place + 1] - begins[place];
  }
  if (length > std::numeric_limits<int32_t>::max())
    return Status::CapacityError("the text of the rows taken is longer than offsets can say");
  *out = static_cast<int32_t>(length);
  ARROW_ASSIGN_OR_RAISE(*bytes, arrow::AllocateBuffer(length, pool));
  if (length == 0) return Status::OK();
  const uint8_t* const text = from.buffers[2]->data();
  uint8_t* to = (*bytes)->mutable_data();
  for (const int32_t place : places) {
    const auto count = static_cast<size_t>(begins[place + 1] - begins[place]);
    std::memcpy(to, text + begins[place], count);
    to += count;
  }
  return Status::OK();
}

// 0: not a type of 1, 2, 4, 8 or 16 plain bytes.
int64_t PlainWidth(const arrow::DataType& type) {
  if (!arrow::is_primitive(type.id()) && type.id() != arrow::Type::DECIMAL128) return 0;
  const int bits = static_cast<const arrow::FixedWidthType&>(type).bit_width();
  return bits % 8 == 0 ? bits / 8 : 0;
}

Result<std::shared_ptr<arrow::Array>> TakeByKernel(const arrow::Array& column, Places places,
                                                   arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  const arrow::Int32Array indices(static_cast<int64_t>(places.size()),
                                  arrow::Buffer::Wrap(places.data(), places.size()));
  return arrow::compute::Take(column, indices, arrow::compute::TakeOptions::NoBoundsCheck(),
                              &context);
}

Result<std::shared_ptr<arrow::Array>> TakeColumn(const arrow::Array& column, Places places,
                                                 arrow::MemoryPool* pool) {
  const arrow::ArrayData& from = *column.data();
  const auto rows = static_cast<int64_t>(places.size());
  const int64_t width = PlainWidth(*from.type);
  const bool is_text =
      from.type->id() == arrow::Type::STRING || from.type->id() == arrow::Type::BINARY;
  if (width == 0 && !is_text) return TakeByKernel(column, places, pool);
  int64_t null_count = 0;
  arrow::BufferVector buffers(is_text ? 3 : 2);
  ARROW_ASSIGN_OR_RAISE(buffers[0], TakeValidity(from, places, &null_count, pool));
  if (is_text) {
    ARROW_RETURN_NOT_OK(TakeText(from, places, pool, &buffers[1], &buffers[2]));
  } else {
    ARROW_ASSIGN_OR_RAISE(buffers[1], TakeValues(from, width, places, pool));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(from.type, rows, std::move(buffers), null_count));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(const arrow::RecordBatch& batch, Places places,
                                                     arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  for (const auto& column : batch.columns()) {
    ARROW_ASSIGN_OR_RAISE(auto taken, TakeColumn(*column, places, pool));
    columns.push_back(std::move(taken));
  }
  return arrow::RecordBatch::Make(batch.schema(), static_cast<int64_t>(places.size()),
                                  std::move(columns));
}

}  // namespace headrace
