#include "sink/parquet/page_index.h"

#include <cstring>
#include <span>

#include "sink/parquet/bit_packing.h"
#include "sink/parquet/thrift_compact.h"

namespace headrace {
namespace {

constexpr size_t kIndexBoundBytesMax = 64;
constexpr int64_t kCountBytesMax = 10;

Status AppendElement(std::string_view value, arrow::BufferBuilder* out) {
  ARROW_RETURN_NOT_OK(out->Reserve(kCountBytesMax + static_cast<int64_t>(value.size())));
  uint8_t* const begin = out->mutable_data() + out->length();
  out->UnsafeAdvance(WriteVarint(value.size(), begin) - begin);
  AppendReserved(value.data(), static_cast<int64_t>(value.size()), out);
  return Status::OK();
}

Status AppendCount(int64_t count, arrow::BufferBuilder* out) {
  ARROW_RETURN_NOT_OK(out->Reserve(kCountBytesMax));
  uint8_t* const begin = out->mutable_data() + out->length();
  out->UnsafeAdvance(WriteVarint(static_cast<uint64_t>(count) << 1, begin) - begin);
  return Status::OK();
}

std::string_view ElementsOf(const arrow::BufferBuilder& builder) {
  return {reinterpret_cast<const char*>(builder.data()), static_cast<size_t>(builder.length())};
}

}  // namespace

void ShortenTextBounds(EncodedBounds* bounds) {
  if (bounds->min && bounds->min->size() > kIndexBoundBytesMax) {
    // Not within a character of UTF-8: some readers check.
    size_t size = kIndexBoundBytesMax;
    while (size > 0 && (static_cast<uint8_t>((*bounds->min)[size]) & 0xc0) == 0x80) --size;
    bounds->min->resize(size);
  }
  if (bounds->max && bounds->max->size() > kIndexBoundBytesMax) {
    std::string& max = *bounds->max;
    max.resize(kIndexBoundBytesMax);
    // The next larger text of one byte less or more: only bytes that are characters of their own.
    while (!max.empty() && static_cast<uint8_t>(max.back()) >= 0x7f) max.pop_back();
    if (max.empty()) {
      bounds->max.reset();
    } else {
      ++max.back();
    }
  }
}

PageIndexBuilder::PageIndexBuilder(arrow::MemoryPool* pool)
    : places_(pool), null_pages_(pool), mins_(pool), maxs_(pool), null_counts_(pool) {}

Status PageIndexBuilder::Add(const PagePlace& place, int64_t rows, const EncodedBounds& bounds) {
  ++pages_;
  ARROW_RETURN_NOT_OK(places_.Append(&place, sizeof(place)));
  const bool is_null_page = bounds.null_count && *bounds.null_count == rows;
  const bool is_known = bounds.null_count && (is_null_page || (bounds.min && bounds.max)) &&
                        (is_null_page || (bounds.min->size() <= kIndexBoundBytesMax &&
                                          bounds.max->size() <= kIndexBoundBytesMax));
  has_bounds_ = has_bounds_ && is_known;
  if (!has_bounds_) return Status::OK();
  const auto is_null =
      static_cast<uint8_t>(is_null_page ? CompactType::kTrue : CompactType::kFalse);
  ARROW_RETURN_NOT_OK(null_pages_.Append(&is_null, 1));
  ARROW_RETURN_NOT_OK(AppendElement(is_null_page ? std::string_view() : *bounds.min, &mins_));
  ARROW_RETURN_NOT_OK(AppendElement(is_null_page ? std::string_view() : *bounds.max, &maxs_));
  return AppendCount(*bounds.null_count, &null_counts_);
}

Status PageIndexBuilder::Finish(arrow::MemoryPool* pool, EncodedColumn* column) {
  if (pages_ == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(column->page_places, places_.Finish());
  if (!has_bounds_) return Status::OK();
  std::string text;
  CompactWriter writer(&text);
  constexpr int32_t kUnordered = 0;
  writer.BeginList(1, CompactType::kTrue, pages_);
  writer.Elements(ElementsOf(null_pages_));
  writer.BeginList(2, CompactType::kBinary, pages_);
  writer.Elements(ElementsOf(mins_));
  writer.BeginList(3, CompactType::kBinary, pages_);
  writer.Elements(ElementsOf(maxs_));
  writer.Int32(4, kUnordered);
  writer.BeginList(5, CompactType::kInt64, pages_);
  writer.Elements(ElementsOf(null_counts_));
  writer.EndStruct();
  ARROW_ASSIGN_OR_RAISE(column->column_index,
                        arrow::AllocateBuffer(static_cast<int64_t>(text.size()), pool));
  std::memcpy(column->column_index->mutable_data(), text.data(), text.size());
  return Status::OK();
}

void DescribePagePlaces(const EncodedColumn& column, int64_t data_offset, std::string* out) {
  const std::span<const PagePlace> places(
      reinterpret_cast<const PagePlace*>(column.page_places->data()),
      static_cast<size_t>(column.page_places->size()) / sizeof(PagePlace));
  CompactWriter writer(out);
  writer.BeginList(1, CompactType::kStruct, static_cast<int64_t>(places.size()));
  for (const PagePlace& place : places) {
    writer.BeginStructElement();
    writer.Int64(1, data_offset + place.offset);
    writer.Int32(2, static_cast<int32_t>(place.bytes));
    writer.Int64(3, place.first_row);
    writer.EndStruct();
  }
  writer.EndStruct();
}

}  // namespace headrace
