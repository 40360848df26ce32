#include <arrow/array/data.h>

#include <algorithm>
#include <cstring>

#include "source/csv/column_converter.h"
#include "source/csv/field_cursor.h"
#include "source/csv/unescape.h"
#include "source/csv/validity.h"

namespace headrace {
namespace {

// Short fields are copied as whole chunks; text and output have room for the largest behind them.
constexpr int64_t kChunkMax = 64;
static_assert(kChunkMax <= kTextPadding);

template <int64_t kChunk>
inline uint8_t* CopyField(const uint8_t* begin, const uint8_t* end, uint8_t* out) {
  const int64_t length = end - begin;
  std::memcpy(out, begin, kChunk);
  if (length > kChunk) [[unlikely]]
    std::memcpy(out + kChunk, begin + kChunk, static_cast<size_t>(length - kChunk));
  return out + length;
}

// Role: text columns. UTF-8 has been checked for the whole block before.
class StringConverter : public ColumnConverter {
 public:
  StringConverter(std::shared_ptr<arrow::DataType> type, const Dialect& dialect,
                  const NullRule& nulls)
      : type_(std::move(type)), dialect_(dialect), nulls_(nulls), only_empty_(nulls.only_empty()) {}

  Result<std::shared_ptr<arrow::Array>> ConvertOrFind(const RecordRange& range, int column,
                                                      arrow::MemoryPool* pool,
                                                      BadPlaces*) const override {
    const int64_t bytes_max = TextBytes(range, column);
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> offsets,
        arrow::AllocateBuffer((range.rows + 1) * static_cast<int64_t>(sizeof(int32_t)), pool));
    ARROW_ASSIGN_OR_RAISE(auto data, arrow::AllocateResizableBuffer(bytes_max + kChunkMax, pool));
    Validity validity(range.rows, pool);
    int32_t* const offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
    uint8_t* const first = data->mutable_data();
    // A chunk that nearly every field fits in, so that lengths cost no mispredicted branches.
    const int64_t usual_bytes = bytes_max / std::max<int64_t>(range.rows, 1);
    const auto copy = usual_bytes <= 4    ? &StringConverter::CopyColumn<16>
                      : usual_bytes <= 12 ? &StringConverter::CopyColumn<32>
                                          : &StringConverter::CopyColumn<kChunkMax>;
    ARROW_RETURN_NOT_OK((this->*copy)(range, column, offset, first, &validity));
    ARROW_RETURN_NOT_OK(data->Resize(offset[range.rows], /*shrink_to_fit=*/false));
    const int64_t null_count = validity.null_count();
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, range.rows,
        {validity.Finish(), std::move(offsets), std::shared_ptr<arrow::Buffer>(std::move(data))},
        null_count));
  }

  void Explain(const uint8_t*, const uint8_t*, std::string*) const override {}  // all text fits

 private:
  // The fields one behind the other at `first`, and where each begins.
  template <int64_t kChunk>
  Status CopyColumn(const RecordRange& range, int column, int32_t* offset, uint8_t* first,
                    Validity* validity) const {
    FieldCursor cursor(range, column);
    const bool escapes = dialect_.escape != kNoCharacter;
    uint8_t* out = first;
    offset[0] = 0;
    for (int64_t row = 0; row < range.rows; ++row) {
      const FieldText field = cursor.Next();
      if (range.quotes && IsQuoted(field, dialect_.quote)) {
        const FieldText inner = Unquoted(field);
        if (inner.empty() && nulls_.quoted_empty_is_null) {
          ARROW_RETURN_NOT_OK(validity->SetNull(row));
        } else {
          out = range.unescape ? UnescapeField(inner, dialect_, out)
                               : CopyField<kChunk>(inner.begin, inner.end, out);
        }
      } else if (only_empty_ ? field.empty() : nulls_.Matches(field.begin, field.end)) {
        ARROW_RETURN_NOT_OK(validity->SetNull(row));
      } else if (escapes) {
        out = UnescapeField(field, dialect_, out);
      } else {
        out = CopyField<kChunk>(field.begin, field.end, out);
      }
      offset[row + 1] = static_cast<int32_t>(out - first);
    }
    return Status::OK();
  }

  static int64_t TextBytes(const RecordRange& range, int column) {
    const uint32_t* at = range.index + column;
    int64_t bytes = 0;
    for (int64_t row = 0; row < range.rows; ++row, at += range.stride) {
      bytes += static_cast<uint32_t>(at[1] - at[0] - 1);
    }
    return bytes;
  }

  const std::shared_ptr<arrow::DataType> type_;
  const Dialect dialect_;
  const NullRule nulls_;
  const bool only_empty_;
};

}  // namespace

std::unique_ptr<ColumnConverter> MakeStringConverter(const std::shared_ptr<arrow::DataType>& type,
                                                     const Dialect& dialect,
                                                     const NullRule& nulls) {
  if (type->id() != arrow::Type::STRING && type->id() != arrow::Type::BINARY) return nullptr;
  return std::make_unique<StringConverter>(type, dialect, nulls);
}

}  // namespace headrace
