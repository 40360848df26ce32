#include <arrow/array/data.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <string_view>

#include "data/nested_column.h"
#include "data/row_codec.h"

namespace headrace {
namespace {

using View = arrow::BinaryViewType::c_type;

uint32_t LoadLength(const uint8_t* at) {
  uint32_t length;
  std::memcpy(&length, at, 4);
  return length;
}

// Role: one call of DecodeRows: finds the rows once, then gathers a column at a time. Columns with
// a heap must be taken in order, since each row's heap position moves on behind the piece just
// read.
class RowDecoder {
 public:
  RowDecoder(const RowLayout& layout, arrow::MemoryPool* pool) : layout_(layout), pool_(pool) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Run(std::span<const RowSpan> spans) {
    ARROW_RETURN_NOT_OK(FindRows(spans));
    std::vector<std::shared_ptr<arrow::ArrayData>> columns;
    for (size_t c = 0; c < layout_.columns().size(); ++c) {
      auto column = ReadColumn(layout_.columns()[c], c);
      if (!column.ok()) {
        return WithContext(column.status(), "column " + layout_.schema()->field(c)->name());
      }
      columns.push_back(std::move(*column));
    }
    return arrow::RecordBatch::Make(layout_.schema(), rows_, std::move(columns));
  }

 private:
  Status FindRows(std::span<const RowSpan> spans) {
    for (const RowSpan& span : spans) rows_ += span.rows;
    ARROW_ASSIGN_OR_RAISE(begins_, arrow::AllocateBuffer(rows_ * 8, pool_));
    ARROW_ASSIGN_OR_RAISE(heaps_, arrow::AllocateBuffer(layout_.has_heap() ? rows_ * 4 : 0, pool_));
    auto* begins = begins_->mutable_data_as<const uint8_t*>();
    int64_t row = 0;
    for (const RowSpan& span : spans) {
      const uint8_t* at = span.data;
      for (int64_t i = 0; i < span.rows; ++i, ++row) {
        begins[row] = at;
        at += EncodedRowBytes(at);
      }
      // Rows that do not end where their span ends would be published as wrong values.
      HEADRACE_CHECK(at == span.data + span.bytes);
    }
    if (layout_.has_heap()) {
      std::fill_n(heaps_->mutable_data_as<uint32_t>(), rows_,
                  static_cast<uint32_t>(layout_.fixed_bytes()));
    }
    return Status::OK();
  }

  const uint8_t* begin(int64_t row) const { return begins_->data_as<const uint8_t*>()[row]; }

  bool IsNull(int64_t row, size_t c) const { return (begin(row)[4 + c / 8] >> (c % 8) & 1) != 0; }

  // The validity bitmap of column c, or nothing when it has no nulls. Sets `nulls`.
  Result<std::shared_ptr<arrow::Buffer>> ReadValidity(size_t c, int64_t* nulls) {
    *nulls = 0;
    for (int64_t row = 0; row < rows_; ++row) *nulls += IsNull(row, c) ? 1 : 0;
    if (*nulls == 0) return nullptr;
    const int64_t bytes = arrow::bit_util::BytesForBits(rows_);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits, arrow::AllocateBuffer(bytes, pool_));
    std::memset(bits->mutable_data(), 0, bytes);
    for (int64_t row = 0; row < rows_; ++row) {
      if (!IsNull(row, c)) arrow::bit_util::SetBit(bits->mutable_data(), row);
    }
    return bits;
  }

  Result<std::shared_ptr<arrow::ArrayData>> ReadColumn(const RowColumn& column, size_t c) {
    if (column.kind == RowValueKind::kNested) return ReadNested(column, c);
    if (column.kind == RowValueKind::kNull) {
      return arrow::ArrayData::Make(column.type, rows_, {nullptr}, rows_);
    }
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, ReadValidity(c, &nulls));
    std::vector<std::shared_ptr<arrow::Buffer>> buffers = {std::move(validity)};
    switch (column.kind) {
      case RowValueKind::kBool:
        ARROW_RETURN_NOT_OK(ReadBools(column, &buffers));
        break;
      case RowValueKind::kFixed:
        ARROW_RETURN_NOT_OK(ReadFixed(column, &buffers));
        break;
      case RowValueKind::kOffsets32:
        ARROW_RETURN_NOT_OK(ReadBytes<int32_t>(column, &buffers));
        break;
      case RowValueKind::kOffsets64:
        ARROW_RETURN_NOT_OK(ReadBytes<int64_t>(column, &buffers));
        break;
      default:
        ARROW_RETURN_NOT_OK(ReadViews(column, &buffers));
        break;
    }
    return arrow::ArrayData::Make(column.type, rows_, std::move(buffers), nulls);
  }

  Status ReadBools(const RowColumn& column, std::vector<std::shared_ptr<arrow::Buffer>>* out) {
    const int64_t bytes = arrow::bit_util::BytesForBits(rows_);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits, arrow::AllocateBuffer(bytes, pool_));
    std::memset(bits->mutable_data(), 0, bytes);
    for (int64_t row = 0; row < rows_; ++row) {
      if (begin(row)[column.slot] != 0) arrow::bit_util::SetBit(bits->mutable_data(), row);
    }
    out->push_back(std::move(bits));
    return Status::OK();
  }

  template <int kWidth>
  void GatherFixed(const RowColumn& column, uint8_t* out) {
    const int64_t width = kWidth > 0 ? kWidth : column.width;
    for (int64_t row = 0; row < rows_; ++row) {
      std::memcpy(out + row * width, begin(row) + column.slot, width);
    }
  }

  Status ReadFixed(const RowColumn& column, std::vector<std::shared_ptr<arrow::Buffer>>* out) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                          arrow::AllocateBuffer(rows_ * column.width, pool_));
    uint8_t* data = values->mutable_data();
    switch (column.width) {
      case 1:
        GatherFixed<1>(column, data);
        break;
      case 2:
        GatherFixed<2>(column, data);
        break;
      case 4:
        GatherFixed<4>(column, data);
        break;
      case 8:
        GatherFixed<8>(column, data);
        break;
      case 16:
        GatherFixed<16>(column, data);
        break;
      default:
        GatherFixed<0>(column, data);
        break;
    }
    out->push_back(std::move(values));
    return Status::OK();
  }

  Result<int64_t> MeasureHeap(const RowColumn& column, int64_t limit) {
    int64_t bytes = 0;
    for (int64_t row = 0; row < rows_; ++row) bytes += LoadLength(begin(row) + column.slot);
    if (bytes > limit) {
      return MakeError(ErrorKind::kBadInput, 429,
                       "values pass the 2 GiB of 32-bit offsets in one row group; use fewer rows "
                       "per row group: {} bytes in {} rows",
                       bytes, rows_);
    }
    return bytes;
  }

  // The heap piece of `row`, moving its position on.
  std::string_view TakePiece(const RowColumn& column, int64_t row) {
    const uint8_t* at = begin(row);
    uint32_t* heap = heaps_->mutable_data_as<uint32_t>() + row;
    const uint32_t length = LoadLength(at + column.slot);
    const auto* piece = reinterpret_cast<const char*>(at + *heap);
    *heap += length;
    return {piece, length};
  }

  template <typename Offset>
  Status ReadBytes(const RowColumn& column, std::vector<std::shared_ptr<arrow::Buffer>>* out) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                          MeasureHeap(column, std::numeric_limits<Offset>::max()));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                          arrow::AllocateBuffer((rows_ + 1) * sizeof(Offset), pool_));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> heap, arrow::AllocateBuffer(bytes, pool_));
    auto* offset = offsets->mutable_data_as<Offset>();
    auto* data = heap->mutable_data_as<char>();
    Offset end = 0;
    for (int64_t row = 0; row < rows_; ++row) {
      offset[row] = end;
      const std::string_view piece = TakePiece(column, row);
      std::memcpy(data + end, piece.data(), piece.size());
      end += static_cast<Offset>(piece.size());
    }
    offset[rows_] = end;
    out->push_back(std::move(offsets));
    out->push_back(std::move(heap));
    return Status::OK();
  }

  Status ReadViews(const RowColumn& column, std::vector<std::shared_ptr<arrow::Buffer>>* out) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, MeasureHeap(column, INT32_MAX));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> views,
                          arrow::AllocateBuffer(rows_ * sizeof(View), pool_));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> heap, arrow::AllocateBuffer(bytes, pool_));
    auto* view = views->mutable_data_as<View>();
    int64_t end = 0;
    for (int64_t row = 0; row < rows_; ++row) {
      const std::string_view piece = TakePiece(column, row);
      view[row] = arrow::util::ToBinaryView(piece, 0, static_cast<int32_t>(end));
      if (view[row].is_inline()) continue;
      std::memcpy(heap->mutable_data() + end, piece.data(), piece.size());
      end += static_cast<int64_t>(piece.size());
    }
    out->push_back(std::move(views));
    out->push_back(std::move(heap));
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::ArrayData>> ReadNested(const RowColumn& column, size_t c) {
    NestedColumn nested(column.type);
    const auto* heaps = heaps_->data_as<uint32_t>();
    for (int64_t row = 0; row < rows_; ++row) {
      nested.Count(IsNull(row, c) ? nullptr : begin(row) + heaps[row]);
    }
    ARROW_RETURN_NOT_OK(nested.Allocate(pool_));
    for (int64_t row = 0; row < rows_; ++row) {
      const auto piece = TakePiece(column, row);
      nested.Add(IsNull(row, c) ? nullptr : reinterpret_cast<const uint8_t*>(piece.data()));
    }
    return nested.Finish();
  }

  const RowLayout& layout_;
  arrow::MemoryPool* pool_;
  int64_t rows_ = 0;
  std::shared_ptr<arrow::Buffer> begins_;  // pointer per row
  std::shared_ptr<arrow::Buffer> heaps_;   // u32 per row: where its next heap piece begins
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> DecodeRows(const RowLayout& layout,
                                                       std::span<const RowSpan> spans,
                                                       arrow::MemoryPool* pool) {
  return RowDecoder(layout, pool).Run(spans);
}

}  // namespace headrace
