#include "sink/parquet/flat_values.h"

#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include <cstring>

namespace headrace {
namespace {

bool IsStoredUnchanged(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::DATE32:
    case arrow::Type::TIME64:
    case arrow::Type::DURATION:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return true;
    case arrow::Type::TIME32:
      return static_cast<const arrow::Time32Type&>(type).unit() == arrow::TimeUnit::MILLI;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).unit() != arrow::TimeUnit::SECOND;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
      return true;
    default:
      return arrow::is_integer(type.id());
  }
}

// Rows of one array: where their values stand and which of them are there.
struct RowsOf {
  explicit RowsOf(const arrow::Array& rows)
      : length(rows.length()),
        present(rows.null_count() > 0 ? rows.null_bitmap_data() : nullptr),
        offset(rows.offset()) {}

  template <typename Use>
  void ForEach(Use use) const {
    for (int64_t i = 0; i < length; ++i)
      use(i, present == nullptr || arrow::bit_util::GetBit(present, offset + i));
  }

  const int64_t length;
  const uint8_t* present;
  const int64_t offset;
};

// `out` has room for all rows. Returns how many values there are. A null's value is written too,
// under the next one: that costs less than to ask.
template <typename Stored, typename V>
int64_t CopyFixed(const arrow::Array& array, int width, V* out) {
  const RowsOf rows(array);
  const uint8_t* values = array.data()->buffers[1]->data() + rows.offset * width;
  V* end = out;
  rows.ForEach([&](int64_t i, bool is_present) {
    Stored value;
    std::memcpy(&value, values + i * width, sizeof(value));
    *end = static_cast<V>(value);
    end += is_present ? 1 : 0;
  });
  return end - out;
}

template <typename V>
int64_t CopyFixed(const arrow::Array& array, V* out) {
  const int width = array.type()->bit_width() / 8;
  const bool is_signed = !arrow::is_unsigned_integer(array.type_id());
  switch (width) {
    case 1:
      return is_signed ? CopyFixed<int8_t>(array, width, out)
                       : CopyFixed<uint8_t>(array, width, out);
    case 2:
      return is_signed ? CopyFixed<int16_t>(array, width, out)
                       : CopyFixed<uint16_t>(array, width, out);
    case 4:
      return CopyFixed<int32_t>(array, width, out);
    default:  // of a 128-bit decimal the low half says all
      return CopyFixed<int64_t>(array, width, out);
  }
}

template <typename ArrayType>
int64_t CopyTexts(const arrow::Array& array, std::string_view* out) {
  const auto& texts = static_cast<const ArrayType&>(array);
  std::string_view* end = out;
  RowsOf(array).ForEach([&](int64_t i, bool is_present) {
    if (is_present) *end++ = texts.GetView(i);
  });
  return end - out;
}

int64_t CopyTexts(const arrow::Array& array, std::string_view* out) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return CopyTexts<arrow::BinaryArray>(array, out);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return CopyTexts<arrow::LargeBinaryArray>(array, out);
    default:
      return CopyTexts<arrow::BinaryViewArray>(array, out);
  }
}

// Where the values stand, if they stand there as Parquet wants them.
template <typename V>
const V* ValuesInPlace(const arrow::Array& array) {
  if (array.null_count() > 0 || array.type()->bit_width() != 8 * static_cast<int>(sizeof(V)))
    return nullptr;
  const uint8_t* values =
      array.data()->buffers[1]->data() + array.offset() * static_cast<int64_t>(sizeof(V));
  // Buffers that came from elsewhere need not be aligned.
  if (reinterpret_cast<uintptr_t>(values) % alignof(V) != 0) return nullptr;
  return reinterpret_cast<const V*>(values);
}

}  // namespace

FlatType FlatTypeOf(const arrow::DataType& type, parquet::Type::type stored) {
  if (arrow::is_base_binary_like(type.id()) || arrow::is_binary_view_like(type.id()))
    return {FlatKind::kText, ValueOrder::kBytes};
  if (!IsStoredUnchanged(type)) return {};
  const ValueOrder order = arrow::is_unsigned_integer(type.id()) ? ValueOrder::kUnsigned
                           : arrow::is_floating(type.id())       ? ValueOrder::kFloat
                                                                 : ValueOrder::kSigned;
  switch (stored) {
    case parquet::Type::INT32:
    case parquet::Type::FLOAT:
      return {FlatKind::kFourBytes, order};
    case parquet::Type::INT64:
    case parquet::Type::DOUBLE:
      return {FlatKind::kEightBytes, order};
    default:
      return {};
  }
}

template <typename V>
Result<std::span<const V>> PresentValues(const arrow::Array& rows,
                                         arrow::ResizableBuffer* scratch) {
  if constexpr (std::is_integral_v<V>) {
    if (const V* values = ValuesInPlace<V>(rows); values != nullptr)
      return std::span<const V>(values, static_cast<size_t>(rows.length()));
  }
  ARROW_RETURN_NOT_OK(scratch->Resize((rows.length() + 1) * static_cast<int64_t>(sizeof(V)),
                                      /*shrink_to_fit=*/false));
  V* out = reinterpret_cast<V*>(scratch->mutable_data());
  int64_t count = 0;
  if constexpr (std::is_integral_v<V>) {
    count = CopyFixed(rows, out);
  } else {
    count = CopyTexts(rows, out);
  }
  return std::span<const V>(out, static_cast<size_t>(count));
}

template Result<std::span<const uint32_t>> PresentValues(const arrow::Array&,
                                                         arrow::ResizableBuffer*);
template Result<std::span<const uint64_t>> PresentValues(const arrow::Array&,
                                                         arrow::ResizableBuffer*);
template Result<std::span<const std::string_view>> PresentValues(const arrow::Array&,
                                                                 arrow::ResizableBuffer*);

}  // namespace headrace
