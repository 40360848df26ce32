#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>

#include <cstring>

#include "data/nested_values.h"
#include "data/row_codec.h"

namespace headrace {
namespace {

using View = arrow::BinaryViewType::c_type;

// Role: one call of EncodeRows: sizes, then bytes, a column at a time.
class RowEncoder {
 public:
  RowEncoder(const RowLayout& layout, std::span<const int32_t> indices, arrow::MemoryPool* pool)
      : layout_(layout), indices_(indices), pool_(pool) {}

  Result<EncodedRows> Run(const arrow::ArrayVector& columns) {
    ARROW_RETURN_NOT_OK(ResolveDictionaries(columns));
    ARROW_RETURN_NOT_OK(MeasureRows());
    ARROW_RETURN_NOT_OK(PlaceRows());
    for (size_t c = 0; c < columns_.size(); ++c) WriteColumn(layout_.columns()[c], c);
    EncodedRows rows;
    rows.bytes = std::move(bytes_);
    rows.offsets = std::move(offsets_);
    rows.rows = static_cast<int64_t>(indices_.size());
    return rows;
  }

 private:
  Status ResolveDictionaries(const arrow::ArrayVector& columns) {
    HEADRACE_CHECK(columns.size() == layout_.columns().size());
    for (size_t c = 0; c < columns.size(); ++c) {
      if (columns[c]->type_id() != arrow::Type::DICTIONARY) {
        columns_.push_back(columns[c]->data());
        continue;
      }
      arrow::compute::ExecContext context(pool_);
      context.set_use_threads(false);
      ARROW_ASSIGN_OR_RAISE(
          auto plain, arrow::compute::Cast(arrow::Datum(columns[c]), layout_.columns()[c].type,
                                           arrow::compute::CastOptions::Safe(), &context));
      columns_.push_back(plain.array());
    }
    return Status::OK();
  }

  // Calls use(row, index, valid) for every row in order.
  template <typename Use>
  void ForEach(const arrow::ArrayData& array, Use&& use) {
    const uint8_t* validity =
        array.MayHaveNulls() && array.buffers[0] ? array.buffers[0]->data() : nullptr;
    const auto rows = static_cast<int64_t>(indices_.size());
    if (validity == nullptr) {
      for (int64_t row = 0; row < rows; ++row) use(row, int64_t{indices_[row]}, true);
      return;
    }
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t index = indices_[row];
      use(row, index, arrow::bit_util::GetBit(validity, array.offset + index));
    }
  }

  // Calls use(row, index, valid, data, length) for every value of a column of strings.
  template <typename Use>
  void ForEachBytes(const RowColumn& column, const arrow::ArrayData& array, Use&& use) {
    if (column.kind == RowValueKind::kView) {
      const auto* views = array.GetValues<View>(1);
      const auto* heaps = array.buffers.data() + 2;
      ForEach(array, [&](int64_t row, int64_t index, bool valid) {
        const auto bytes =
            valid ? arrow::util::FromBinaryView(views[index], heaps) : std::string_view();
        use(row, valid, bytes.data(), static_cast<int64_t>(bytes.size()));
      });
    } else if (column.kind == RowValueKind::kOffsets32) {
      ForEachOffset<int32_t>(array, use);
    } else {
      ForEachOffset<int64_t>(array, use);
    }
  }

  template <typename Offset, typename Use>
  void ForEachOffset(const arrow::ArrayData& array, Use&& use) {
    const auto* offsets = array.GetValues<Offset>(1);
    const char* heap = array.buffers[2] ? array.buffers[2]->data_as<char>() : nullptr;
    ForEach(array, [&](int64_t row, int64_t index, bool valid) {
      const int64_t begin = valid ? offsets[index] : 0;
      use(row, valid, heap + begin, valid ? offsets[index + 1] - begin : 0);
    });
  }

  // Leaves the bytes of row r in offsets_[r].
  Status MeasureRows() {
    const auto rows = static_cast<int64_t>(indices_.size());
    ARROW_ASSIGN_OR_RAISE(offsets_, arrow::AllocateBuffer((rows + 1) * 8, pool_));
    int64_t* sizes = offsets_->mutable_data_as<int64_t>();
    std::fill(sizes, sizes + rows, int64_t{layout_.fixed_bytes()});
    for (size_t c = 0; c < columns_.size(); ++c) {
      const RowColumn& column = layout_.columns()[c];
      const arrow::ArrayData& array = *columns_[c];
      if (!column.has_heap()) continue;
      if (column.kind == RowValueKind::kNested) {
        ForEach(array, [&](int64_t row, int64_t index, bool valid) {
          if (valid) sizes[row] += NestedValueBytes(array, index);
        });
      } else {
        ForEachBytes(column, array,
                     [&](int64_t row, bool, const char*, int64_t length) { sizes[row] += length; });
      }
    }
    return Status::OK();
  }

  Status PlaceRows() {
    const auto rows = static_cast<int64_t>(indices_.size());
    int64_t* offsets = offsets_->mutable_data_as<int64_t>();
    int64_t end = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t bytes = offsets[row];
      if (bytes > RowLayout::kRowBytesMax) {
        return MakeError(ErrorKind::kBadInput, 428,
                         "a row is larger than {} bytes; drop or shorten its longest column: {} "
                         "bytes",
                         RowLayout::kRowBytesMax, bytes);
      }
      offsets[row] = end;
      end += bytes;
    }
    offsets[rows] = end;
    ARROW_ASSIGN_OR_RAISE(bytes_, arrow::AllocateBuffer(end, pool_));
    uint8_t* out = bytes_->mutable_data();
    const auto null_bytes = static_cast<int64_t>(layout_.columns().size() + 7) / 8;
    for (int64_t row = 0; row < rows; ++row) {
      const auto bytes = static_cast<uint32_t>(offsets[row + 1] - offsets[row]);
      std::memcpy(out + offsets[row], &bytes, 4);
      std::memset(out + offsets[row] + 4, 0, null_bytes);
    }
    if (!layout_.has_heap()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(heap_ends_, arrow::AllocateBuffer(rows * 4, pool_));
    std::fill_n(heap_ends_->mutable_data_as<uint32_t>(), rows,
                static_cast<uint32_t>(layout_.fixed_bytes()));
    return Status::OK();
  }

  void SetNull(uint8_t* row, size_t c) { row[4 + c / 8] |= static_cast<uint8_t>(1U << (c % 8)); }

  template <int kWidth>
  void WriteFixed(const RowColumn& column, const arrow::ArrayData& array, size_t c) {
    const int64_t width = kWidth > 0 ? kWidth : column.width;
    const uint8_t* values = array.buffers[1]->data() + array.offset * width;
    const int64_t* offsets = offsets_->data_as<int64_t>();
    uint8_t* out = bytes_->mutable_data();
    ForEach(array, [&](int64_t row, int64_t index, bool valid) {
      uint8_t* begin = out + offsets[row];
      if (valid) {
        std::memcpy(begin + column.slot, values + index * width, width);
      } else {
        SetNull(begin, c);
        std::memset(begin + column.slot, 0, width);
      }
    });
  }

  void WriteColumn(const RowColumn& column, size_t c) {
    const arrow::ArrayData& array = *columns_[c];
    switch (column.kind) {
      case RowValueKind::kNull:
        return WriteNulls(c);
      case RowValueKind::kBool:
        return WriteBools(column, array, c);
      case RowValueKind::kNested:
        return WriteNested(column, array, c);
      case RowValueKind::kFixed:
        switch (column.width) {
          case 1:
            return WriteFixed<1>(column, array, c);
          case 2:
            return WriteFixed<2>(column, array, c);
          case 4:
            return WriteFixed<4>(column, array, c);
          case 8:
            return WriteFixed<8>(column, array, c);
          case 16:
            return WriteFixed<16>(column, array, c);
          default:
            return WriteFixed<0>(column, array, c);
        }
      default:
        return WriteBytes(column, array, c);
    }
  }

  void WriteNulls(size_t c) {
    const int64_t* offsets = offsets_->data_as<int64_t>();
    for (size_t row = 0; row < indices_.size(); ++row) {
      SetNull(bytes_->mutable_data() + offsets[row], c);
    }
  }

  void WriteBools(const RowColumn& column, const arrow::ArrayData& array, size_t c) {
    const int64_t* offsets = offsets_->data_as<int64_t>();
    const uint8_t* bits = array.buffers[1]->data();
    ForEach(array, [&](int64_t row, int64_t index, bool valid) {
      uint8_t* begin = bytes_->mutable_data() + offsets[row];
      if (!valid) SetNull(begin, c);
      begin[column.slot] = valid && arrow::bit_util::GetBit(bits, array.offset + index) ? 1 : 0;
    });
  }

  // Where the next heap piece of `row` goes, after noting its length in the slot.
  uint8_t* TakeHeap(const RowColumn& column, int64_t row, int64_t length) {
    uint8_t* begin = bytes_->mutable_data() + offsets_->data_as<int64_t>()[row];
    const auto piece = static_cast<uint32_t>(length);
    std::memcpy(begin + column.slot, &piece, 4);
    uint32_t* end = heap_ends_->mutable_data_as<uint32_t>() + row;
    uint8_t* at = begin + *end;
    *end += piece;
    return at;
  }

  void WriteBytes(const RowColumn& column, const arrow::ArrayData& array, size_t c) {
    const int64_t* offsets = offsets_->data_as<int64_t>();
    ForEachBytes(column, array, [&](int64_t row, bool valid, const char* data, int64_t length) {
      if (!valid) SetNull(bytes_->mutable_data() + offsets[row], c);
      uint8_t* at = TakeHeap(column, row, length);
      if (length > 0) std::memcpy(at, data, length);
    });
  }

  void WriteNested(const RowColumn& column, const arrow::ArrayData& array, size_t c) {
    const int64_t* offsets = offsets_->data_as<int64_t>();
    ForEach(array, [&](int64_t row, int64_t index, bool valid) {
      if (!valid) SetNull(bytes_->mutable_data() + offsets[row], c);
      uint8_t* at = TakeHeap(column, row, valid ? NestedValueBytes(array, index) : 0);
      if (valid) WriteNestedValue(array, index, at);
    });
  }

  const RowLayout& layout_;
  std::span<const int32_t> indices_;
  arrow::MemoryPool* pool_;
  std::vector<std::shared_ptr<arrow::ArrayData>> columns_;
  std::shared_ptr<arrow::Buffer> offsets_;
  std::shared_ptr<arrow::Buffer> bytes_;
  std::shared_ptr<arrow::Buffer> heap_ends_;  // u32 per row: where its next heap piece begins
};

}  // namespace

Result<EncodedRows> EncodeRows(const RowLayout& layout, const arrow::ArrayVector& columns,
                               std::span<const int32_t> indices, arrow::MemoryPool* pool) {
  return RowEncoder(layout, indices, pool).Run(columns);
}

int64_t EncodedRowBytes(const uint8_t* row) {
  uint32_t bytes;
  std::memcpy(&bytes, row, 4);
  return bytes;
}

}  // namespace headrace
