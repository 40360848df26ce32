#include "data/nested_values.h"

#include <arrow/buffer.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>

#include <cstring>
#include <string_view>

namespace headrace {
namespace {

using arrow::Type;
using View = arrow::BinaryViewType::c_type;

RowValueKind KindOf(const arrow::DataType& type) { return RowValueKindOf(type).ValueOrDie(); }

int64_t FixedListSize(const arrow::DataType& type) {
  return arrow::internal::checked_cast<const arrow::FixedSizeListType&>(StorageOf(type))
      .list_size();
}

struct Range {
  int64_t begin = 0;
  int64_t end = 0;
};

template <typename Offset>
Range OffsetsAt(const arrow::ArrayData& array, int64_t index) {
  const auto* offsets = array.GetValues<Offset>(1);
  return {offsets[index], offsets[index + 1]};
}

// Elements of list value `index`, counted inside the child without the child's offset.
Range ListRange(const arrow::ArrayData& array, Type::type id, int64_t index) {
  if (id == Type::FIXED_SIZE_LIST) {
    const int64_t size = FixedListSize(*array.type);
    return {(array.offset + index) * size, (array.offset + index + 1) * size};
  }
  if (id == Type::LARGE_LIST) return OffsetsAt<int64_t>(array, index);
  return OffsetsAt<int32_t>(array, index);
}

std::string_view BytesAt(const arrow::ArrayData& array, RowValueKind kind, int64_t index) {
  if (kind == RowValueKind::kView) {
    return arrow::util::FromBinaryView(array.GetValues<View>(1)[index], array.buffers.data() + 2);
  }
  const Range range = kind == RowValueKind::kOffsets32 ? OffsetsAt<int32_t>(array, index)
                                                       : OffsetsAt<int64_t>(array, index);
  const char* data = array.buffers[2] ? array.buffers[2]->data_as<char>() : nullptr;
  return {data + range.begin, static_cast<size_t>(range.end - range.begin)};
}

uint8_t* WriteCount(uint8_t* at, int64_t count) {
  const auto value = static_cast<uint32_t>(count);
  std::memcpy(at, &value, 4);
  return at + 4;
}

}  // namespace

int64_t NestedValueBytes(const arrow::ArrayData& array, int64_t index) {
  const RowValueKind kind = KindOf(*array.type);
  if (kind == RowValueKind::kNull || array.IsNull(index)) return 1;
  if (kind == RowValueKind::kBool) return 2;
  if (kind == RowValueKind::kFixed) return 1 + RowValueWidth(*array.type);
  if (kind != RowValueKind::kNested) {
    return 5 + static_cast<int64_t>(BytesAt(array, kind, index).size());
  }
  const Type::type id = StorageOf(*array.type).id();
  int64_t bytes = 1;
  if (id == Type::STRUCT) {
    for (const auto& child : array.child_data)
      bytes += NestedValueBytes(*child, array.offset + index);
    return bytes;
  }
  const Range range = ListRange(array, id, index);
  bytes += 4;
  for (int64_t i = range.begin; i < range.end; ++i)
    bytes += NestedValueBytes(*array.child_data[0], i);
  return bytes;
}

uint8_t* WriteNestedValue(const arrow::ArrayData& array, int64_t index, uint8_t* out) {
  const RowValueKind kind = KindOf(*array.type);
  const bool valid = kind != RowValueKind::kNull && array.IsValid(index);
  *out++ = valid ? 1 : 0;
  if (!valid) return out;
  if (kind == RowValueKind::kBool) {
    *out++ = arrow::bit_util::GetBit(array.buffers[1]->data(), array.offset + index) ? 1 : 0;
    return out;
  }
  if (kind == RowValueKind::kFixed) {
    const int64_t width = RowValueWidth(*array.type);
    std::memcpy(out, array.buffers[1]->data() + (array.offset + index) * width, width);
    return out + width;
  }
  if (kind != RowValueKind::kNested) {
    const std::string_view bytes = BytesAt(array, kind, index);
    out = WriteCount(out, static_cast<int64_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    return out + bytes.size();
  }
  const Type::type id = StorageOf(*array.type).id();
  if (id == Type::STRUCT) {
    for (const auto& child : array.child_data) {
      out = WriteNestedValue(*child, array.offset + index, out);
    }
    return out;
  }
  const Range range = ListRange(array, id, index);
  out = WriteCount(out, range.end - range.begin);
  for (int64_t i = range.begin; i < range.end; ++i) {
    out = WriteNestedValue(*array.child_data[0], i, out);
  }
  return out;
}

}  // namespace headrace
