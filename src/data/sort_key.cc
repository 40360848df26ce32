#include "data/sort_key.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/endian.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace headrace {

// A part is a mark, and the value unless it is NULL. No part begins another, so what follows in the
// key never decides between two values that differ.
class SortKeyPart {
 public:
  virtual ~SortKeyPart() = default;
  // Adds the bytes of every row's part to `sizes`.
  virtual void Measure(const arrow::Array& values, int64_t* sizes) const = 0;
  // Writes every row's part at out + at[row], which it moves behind it.
  virtual void Write(const arrow::Array& values, int64_t* at, uint8_t* out) const = 0;
};

namespace {

using arrow::Type;
using arrow::internal::checked_cast;

constexpr uint8_t kValueMark = 1;
constexpr uint8_t kNullMark = 2;

void Invert(uint8_t* begin, const uint8_t* end) {
  for (; begin < end; ++begin) *begin = static_cast<uint8_t>(~*begin);
}

// Values of one width: `put(array, row, uint8_t*)` writes them, the most significant byte first.
template <typename ArrayType, typename Put>
class FixedPart : public SortKeyPart {
 public:
  FixedPart(int64_t width, SortDirection direction, Put put)
      : width_(width), is_descending_(direction == SortDirection::kDescending), put_(put) {}

  void Measure(const arrow::Array& values, int64_t* sizes) const override {
    for (int64_t row = 0; row < values.length(); ++row) {
      sizes[row] += values.IsValid(row) ? 1 + width_ : 1;
    }
  }

  void Write(const arrow::Array& values, int64_t* at, uint8_t* out) const override {
    const auto& typed = checked_cast<const ArrayType&>(values);
    for (int64_t row = 0; row < typed.length(); ++row) {
      uint8_t* begin = out + at[row];
      if (typed.IsNull(row)) {
        *begin = kNullMark;
        ++at[row];
        continue;
      }
      *begin++ = kValueMark;
      put_(typed, row, begin);
      if (is_descending_) Invert(begin, begin + width_);
      at[row] += 1 + width_;
    }
  }

 private:
  const int64_t width_;
  const bool is_descending_;
  const Put put_;
};

template <typename ArrayType, typename Put>
std::unique_ptr<SortKeyPart> Fixed(int64_t width, SortDirection direction, Put put) {
  return std::make_unique<FixedPart<ArrayType, Put>>(width, direction, put);
}

template <typename Unsigned>
void PutBigEndian(Unsigned bits, uint8_t* out) {
  bits = arrow::bit_util::ToBigEndian(bits);
  std::memcpy(out, &bits, sizeof(bits));
}

template <typename ArrayType>
std::unique_ptr<SortKeyPart> Integers(SortDirection direction) {
  using Value = typename ArrayType::value_type;
  using Bits = std::make_unsigned_t<Value>;
  return Fixed<ArrayType>(sizeof(Value), direction,
                          [](const ArrayType& array, int64_t row, uint8_t* out) {
                            auto bits = static_cast<Bits>(array.Value(row));
                            if constexpr (std::is_signed_v<Value>) {
                              bits ^= static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
                            }
                            PutBigEndian(bits, out);
                          });
}

template <typename Float, typename Bits>
void PutFloat(Float value, uint8_t* out) {
  if (std::isnan(value)) value = std::numeric_limits<Float>::quiet_NaN();
  if (value == 0) value = 0;  // also -0.0
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  const auto bits = std::bit_cast<Bits>(value);
  PutBigEndian<Bits>((bits & kSign) != 0 ? ~bits : bits ^ kSign, out);
}

std::unique_ptr<SortKeyPart> HalfFloats(SortDirection direction) {
  return Fixed<arrow::HalfFloatArray>(
      sizeof(float), direction, [](const arrow::HalfFloatArray& array, int64_t row, uint8_t* out) {
        PutFloat<float, uint32_t>(arrow::util::Float16::FromBits(array.Value(row)).ToFloat(), out);
      });
}

std::unique_ptr<SortKeyPart> Floats(SortDirection direction) {
  return Fixed<arrow::FloatArray>(sizeof(float), direction,
                                  [](const arrow::FloatArray& array, int64_t row, uint8_t* out) {
                                    PutFloat<float, uint32_t>(array.Value(row), out);
                                  });
}

std::unique_ptr<SortKeyPart> Doubles(SortDirection direction) {
  return Fixed<arrow::DoubleArray>(sizeof(double), direction,
                                   [](const arrow::DoubleArray& array, int64_t row, uint8_t* out) {
                                     PutFloat<double, uint64_t>(array.Value(row), out);
                                   });
}

std::unique_ptr<SortKeyPart> Booleans(SortDirection direction) {
  return Fixed<arrow::BooleanArray>(
      1, direction, [](const arrow::BooleanArray& array, int64_t row, uint8_t* out) {
        *out = array.Value(row) ? 1 : 0;
      });
}

// Stored as signed integers of 4 to 32 bytes, the least significant byte first.
std::unique_ptr<SortKeyPart> Decimals(const arrow::DataType& type, SortDirection direction) {
  const int64_t width = checked_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
  return Fixed<arrow::FixedSizeBinaryArray>(
      width, direction,
      [width](const arrow::FixedSizeBinaryArray& array, int64_t row, uint8_t* out) {
        std::reverse_copy(array.GetValue(row), array.GetValue(row) + width, out);
        out[0] ^= 0x80;
      });
}

std::unique_ptr<SortKeyPart> FixedBytes(const arrow::DataType& type, SortDirection direction) {
  const int64_t width = checked_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
  return Fixed<arrow::FixedSizeBinaryArray>(
      width, direction,
      [width](const arrow::FixedSizeBinaryArray& array, int64_t row, uint8_t* out) {
        std::copy_n(array.GetValue(row), width, out);
      });
}

// Bytes of any number: a zero byte becomes 00 FF, and 00 00 ends them.
template <typename ArrayType>
class BytesPart : public SortKeyPart {
 public:
  explicit BytesPart(SortDirection direction)
      : is_descending_(direction == SortDirection::kDescending) {}

  void Measure(const arrow::Array& values, int64_t* sizes) const override {
    const auto& typed = checked_cast<const ArrayType&>(values);
    for (int64_t row = 0; row < typed.length(); ++row) {
      ++sizes[row];
      if (typed.IsNull(row)) continue;
      const std::string_view bytes = typed.GetView(row);
      sizes[row] += static_cast<int64_t>(bytes.size()) + 2 + std::ranges::count(bytes, '\0');
    }
  }

  void Write(const arrow::Array& values, int64_t* at, uint8_t* out) const override {
    const auto& typed = checked_cast<const ArrayType&>(values);
    for (int64_t row = 0; row < typed.length(); ++row) {
      uint8_t* begin = out + at[row];
      *begin++ = typed.IsNull(row) ? kNullMark : kValueMark;
      uint8_t* end = begin;
      if (typed.IsValid(row)) end = PutBytes(typed.GetView(row), begin);
      if (is_descending_) Invert(begin, end);
      at[row] = end - out;
    }
  }

 private:
  static uint8_t* PutBytes(std::string_view bytes, uint8_t* out) {
    for (size_t zero; (zero = bytes.find('\0')) != bytes.npos; bytes.remove_prefix(zero + 1)) {
      out = std::copy_n(bytes.begin(), zero + 1, out);
      *out++ = 0xFF;
    }
    out = std::copy(bytes.begin(), bytes.end(), out);
    *out++ = 0;
    *out++ = 0;
    return out;
  }

  const bool is_descending_;
};

// A column without values: all rows are the same.
std::unique_ptr<SortKeyPart> Nulls(SortDirection direction) {
  return Fixed<arrow::NullArray>(0, direction, [](const arrow::NullArray&, int64_t, uint8_t*) {});
}

// Null for a type without an order.
std::unique_ptr<SortKeyPart> MakePart(const arrow::DataType& type, SortDirection direction) {
  switch (type.id()) {
    case Type::NA:
      return Nulls(direction);
    case Type::BOOL:
      return Booleans(direction);
    case Type::INT8:
      return Integers<arrow::Int8Array>(direction);
    case Type::UINT8:
      return Integers<arrow::UInt8Array>(direction);
    case Type::INT16:
      return Integers<arrow::Int16Array>(direction);
    case Type::UINT16:
      return Integers<arrow::UInt16Array>(direction);
    case Type::INT32:
      return Integers<arrow::Int32Array>(direction);
    case Type::UINT32:
      return Integers<arrow::UInt32Array>(direction);
    case Type::INT64:
      return Integers<arrow::Int64Array>(direction);
    case Type::UINT64:
      return Integers<arrow::UInt64Array>(direction);
    case Type::HALF_FLOAT:
      return HalfFloats(direction);
    case Type::FLOAT:
      return Floats(direction);
    case Type::DOUBLE:
      return Doubles(direction);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return Decimals(type, direction);
    case Type::DATE32:
      return Integers<arrow::Date32Array>(direction);
    case Type::DATE64:
      return Integers<arrow::Date64Array>(direction);
    case Type::TIME32:
      return Integers<arrow::Time32Array>(direction);
    case Type::TIME64:
      return Integers<arrow::Time64Array>(direction);
    case Type::TIMESTAMP:
      return Integers<arrow::TimestampArray>(direction);
    case Type::DURATION:
      return Integers<arrow::DurationArray>(direction);
    case Type::STRING:
    case Type::BINARY:
      return std::make_unique<BytesPart<arrow::BinaryArray>>(direction);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return std::make_unique<BytesPart<arrow::LargeBinaryArray>>(direction);
    case Type::FIXED_SIZE_BINARY:
      return FixedBytes(type, direction);
    default:
      return nullptr;
  }
}

}  // namespace

SortKeyEncoder::SortKeyEncoder() = default;
SortKeyEncoder::~SortKeyEncoder() = default;

Result<std::shared_ptr<const SortKeyEncoder>> SortKeyEncoder::Make(
    const arrow::Schema& schema, const std::vector<SortKeyColumn>& columns) {
  std::shared_ptr<SortKeyEncoder> encoder(new SortKeyEncoder());
  for (const SortKeyColumn& column : columns) {
    const arrow::Field& field = *schema.field(column.index);
    auto part = MakePart(*field.type(), column.direction);
    if (part == nullptr) {
      return MakeError(ErrorKind::kInvalidPlan, 217,
                       "rows cannot be sorted by a column of this type; name another, or derive "
                       "one from it: column '{}', type {}",
                       field.name(), field.type()->ToString());
    }
    encoder->columns_.push_back({column.index, std::move(part)});
  }
  return encoder;
}

Result<EncodedRows> SortKeyEncoder::Encode(const arrow::RecordBatch& batch,
                                           arrow::MemoryPool* pool) const {
  EncodedRows keys;
  keys.rows = batch.num_rows();
  ARROW_ASSIGN_OR_RAISE(keys.offsets, arrow::AllocateBuffer((keys.rows + 1) * 8, pool));
  auto* offsets = keys.offsets->mutable_data_as<int64_t>();
  std::fill_n(offsets, keys.rows, int64_t{sizeof(uint32_t)});
  for (const Column& column : columns_) column.part->Measure(*batch.column(column.index), offsets);
  int64_t end = 0;
  for (int64_t row = 0; row < keys.rows; ++row) end += std::exchange(offsets[row], end);
  offsets[keys.rows] = end;
  ARROW_ASSIGN_OR_RAISE(keys.bytes, arrow::AllocateBuffer(end, pool));
  ARROW_ASSIGN_OR_RAISE(const auto places, arrow::AllocateBuffer(keys.rows * 8, pool));
  auto* at = places->mutable_data_as<int64_t>();
  uint8_t* out = keys.bytes->mutable_data();
  for (int64_t row = 0; row < keys.rows; ++row) {
    const auto bytes = static_cast<uint32_t>(offsets[row + 1] - offsets[row] - 4);
    std::memcpy(out + offsets[row], &bytes, sizeof(bytes));
    at[row] = offsets[row] + 4;
  }
  for (const Column& column : columns_) column.part->Write(*batch.column(column.index), at, out);
  return keys;
}

}  // namespace headrace
