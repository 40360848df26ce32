#include "data/nested_column.h"

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

uint32_t ReadCount(const uint8_t* at) {
  uint32_t count;
  std::memcpy(&count, at, 4);
  return count;
}

}  // namespace

NestedColumn::NestedColumn(std::shared_ptr<arrow::DataType> type)
    : type_(std::move(type)),
      kind_(RowValueKindOf(*type_).ValueOrDie()),
      id_(StorageOf(*type_).id()) {
  if (kind_ == RowValueKind::kBool || kind_ == RowValueKind::kFixed) width_ = RowValueWidth(*type_);
  if (kind_ == RowValueKind::kNested) {
    for (const auto& field : StorageOf(*type_).fields()) children_.emplace_back(field->type());
  }
}

bool NestedColumn::is_list() const { return kind_ == RowValueKind::kNested && id_ != Type::STRUCT; }

bool NestedColumn::has_wide_offsets() const {
  return kind_ == RowValueKind::kOffsets64 || id_ == Type::LARGE_LIST;
}

bool NestedColumn::has_narrow_offsets() const {
  return kind_ == RowValueKind::kOffsets32 || id_ == Type::LIST || id_ == Type::MAP;
}

int64_t NestedColumn::child_places_of_null() const {
  if (id_ == Type::STRUCT) return 1;
  if (id_ != Type::FIXED_SIZE_LIST) return 0;
  return arrow::internal::checked_cast<const arrow::FixedSizeListType&>(StorageOf(*type_))
      .list_size();
}

const uint8_t* NestedColumn::Count(const uint8_t* blob) {
  ++length_;
  const bool valid = blob != nullptr && *blob++ != 0;
  if (!valid) {
    const int64_t places = child_places_of_null();
    for (auto& child : children_) {
      for (int64_t i = 0; i < places; ++i) child.Count(nullptr);
    }
    return blob;
  }
  if (kind_ == RowValueKind::kBool || kind_ == RowValueKind::kFixed) return blob + width_;
  if (kind_ != RowValueKind::kNested) {
    const uint32_t bytes = ReadCount(blob);
    heap_bytes_ += bytes;
    return blob + 4 + bytes;
  }
  if (is_list()) {
    const uint32_t count = ReadCount(blob);
    blob += 4;
    heap_bytes_ += count;
    for (uint32_t i = 0; i < count; ++i) blob = children_[0].Count(blob);
    return blob;
  }
  for (auto& child : children_) blob = child.Count(blob);
  return blob;
}

Status NestedColumn::Allocate(arrow::MemoryPool* pool) {
  for (auto& child : children_) ARROW_RETURN_NOT_OK(child.Allocate(pool));
  if (kind_ == RowValueKind::kNull) return Status::OK();
  const int64_t bitmap_bytes = arrow::bit_util::BytesForBits(length_);
  ARROW_ASSIGN_OR_RAISE(validity_, arrow::AllocateBuffer(bitmap_bytes, pool));
  std::memset(validity_->mutable_data(), 0, bitmap_bytes);
  int64_t value_bytes = 0;
  if ((has_narrow_offsets() || kind_ == RowValueKind::kView) && heap_bytes_ > INT32_MAX) {
    return MakeError(ErrorKind::kBadInput, 429,
                     "nested values pass 2 GiB in one row group; use a smaller row group: {}",
                     type_->ToString());
  }
  if (kind_ == RowValueKind::kBool) value_bytes = bitmap_bytes;
  if (kind_ == RowValueKind::kFixed) value_bytes = length_ * width_;
  if (kind_ == RowValueKind::kView) value_bytes = length_ * static_cast<int64_t>(sizeof(View));
  if (has_narrow_offsets()) value_bytes = (length_ + 1) * 4;
  if (has_wide_offsets()) value_bytes = (length_ + 1) * 8;
  if (kind_ != RowValueKind::kNested || has_wide_offsets() || has_narrow_offsets()) {
    ARROW_ASSIGN_OR_RAISE(values_, arrow::AllocateBuffer(value_bytes, pool));
    std::memset(values_->mutable_data(), 0, value_bytes);
  }
  if (kind_ >= RowValueKind::kOffsets32 && kind_ <= RowValueKind::kView) {
    ARROW_ASSIGN_OR_RAISE(heap_, arrow::AllocateBuffer(heap_bytes_, pool));
  }
  return Status::OK();
}

void NestedColumn::SetOffset(int64_t position, int64_t offset) {
  if (has_wide_offsets()) {
    values_->mutable_data_as<int64_t>()[position] = offset;
  } else if (has_narrow_offsets()) {
    values_->mutable_data_as<int32_t>()[position] = static_cast<int32_t>(offset);
  }
}

const uint8_t* NestedColumn::Add(const uint8_t* blob) {
  const bool valid = blob != nullptr && *blob++ != 0;
  if (valid) {
    arrow::bit_util::SetBit(validity_->mutable_data(), added_);
    blob = AddValid(blob);
  } else {
    ++nulls_;
    const int64_t places = child_places_of_null();
    for (auto& child : children_) {
      for (int64_t i = 0; i < places; ++i) child.Add(nullptr);
    }
  }
  ++added_;
  SetOffset(added_, heap_added_);
  return blob;
}

const uint8_t* NestedColumn::AddValid(const uint8_t* blob) {
  if (kind_ == RowValueKind::kBool) {
    if (*blob != 0) arrow::bit_util::SetBit(values_->mutable_data(), added_);
    return blob + 1;
  }
  if (kind_ == RowValueKind::kFixed) {
    std::memcpy(values_->mutable_data() + added_ * width_, blob, width_);
    return blob + width_;
  }
  if (kind_ != RowValueKind::kNested) {
    const uint32_t bytes = ReadCount(blob);
    blob += 4;
    if (bytes > 0) std::memcpy(heap_->mutable_data() + heap_added_, blob, bytes);
    if (kind_ == RowValueKind::kView) {
      values_->mutable_data_as<View>()[added_] =
          arrow::util::ToBinaryView(std::string_view(reinterpret_cast<const char*>(blob), bytes), 0,
                                    static_cast<int32_t>(heap_added_));
    }
    heap_added_ += bytes;
    return blob + bytes;
  }
  if (is_list()) {
    const uint32_t count = ReadCount(blob);
    blob += 4;
    heap_added_ += count;
    for (uint32_t i = 0; i < count; ++i) blob = children_[0].Add(blob);
    return blob;
  }
  for (auto& child : children_) blob = child.Add(blob);
  return blob;
}

Result<std::shared_ptr<arrow::ArrayData>> NestedColumn::Finish() {
  HEADRACE_CHECK(added_ == length_);
  if (kind_ == RowValueKind::kNull) {
    return arrow::ArrayData::Make(type_, length_, {nullptr}, length_);
  }
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nulls_ > 0 ? validity_ : nullptr};
  if (values_) buffers.push_back(values_);
  if (heap_) buffers.push_back(heap_);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (auto& child : children_) {
    ARROW_ASSIGN_OR_RAISE(auto data, child.Finish());
    children.push_back(std::move(data));
  }
  return arrow::ArrayData::Make(type_, length_, std::move(buffers), std::move(children), nulls_);
}

}  // namespace headrace
