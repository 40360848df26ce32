#include "sink/parquet/encoding_choice.h"

#include <arrow/array/array_dict.h>
#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "sink/parquet/value_hash.h"

namespace headrace {
namespace {

constexpr int64_t kSampleMax = 2048;
constexpr int64_t kSampleMin = 256;
constexpr int64_t kDeltaRun = 128;  // values of one block of the encoding
constexpr int64_t kDeltaRuns = 12;

// Counts distinct hashes in a fixed table: a sample has at most kSampleMax values.
class DistinctCounter {
 public:
  void Add(uint64_t hash) {
    hash |= 1;  // 0 marks a free slot
    for (size_t at = hash >> 51;; at = (at + 1) % slots_.size()) {
      if (slots_[at] == hash) return;
      if (slots_[at] != 0) continue;
      slots_[at] = hash;
      ++count_;
      return;
    }
  }
  int64_t count() const { return count_; }

 private:
  std::array<uint64_t, 8192> slots_{};  // 13 bits of the hash choose the first slot
  int64_t count_ = 0;
};

std::string_view BinaryValue(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return static_cast<const arrow::BinaryArray&>(array).GetView(row);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return static_cast<const arrow::LargeBinaryArray&>(array).GetView(row);
    default:
      return static_cast<const arrow::BinaryViewArray&>(array).GetView(row);
  }
}

template <typename Offset>
int64_t LargestStep(const Offset* offsets, int64_t count) {
  if (count == 0) return 0;
  Offset largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, offsets[i + 1] - offsets[i]);
  return static_cast<int64_t>(largest);
}

// Of all values, nulls with what stands behind them included.
int64_t LargestText(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return LargestStep(static_cast<const arrow::BinaryArray&>(array).raw_value_offsets(),
                         array.length());
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return LargestStep(static_cast<const arrow::LargeBinaryArray&>(array).raw_value_offsets(),
                         array.length());
    default: {
      int64_t largest = 0;
      for (int64_t row = 0; row < array.length(); ++row) {
        if (array.IsNull(row)) continue;
        largest = std::max(largest, static_cast<int64_t>(BinaryValue(array, row).size()));
      }
      return largest;
    }
  }
}

// Bytes of a fixed-width value in Arrow, 0 for everything else.
int ArrowWidth(const arrow::DataType& type) {
  if (type.id() == arrow::Type::BOOL || !arrow::is_fixed_width(type.id())) return 0;
  return type.bit_width() / 8;
}

// Whether Parquet stores the type as INT32 or INT64, which deltas need.
bool IsStoredAsInteger(const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) {
    return ArrowWidth(type) <= 16 && static_cast<const arrow::DecimalType&>(type).precision() <= 18;
  }
  return arrow::is_integer(type.id()) || arrow::is_temporal(type.id());
}

int PlainWidth(const arrow::DataType& type) {
  if (arrow::is_decimal(type.id()) && IsStoredAsInteger(type)) {
    return static_cast<const arrow::DecimalType&>(type).precision() <= 9 ? 4 : 8;
  }
  return std::max(4, ArrowWidth(type));
}

int64_t IntegerValue(const uint8_t* value, int width) {
  int8_t one;
  int16_t two;
  int32_t four;
  int64_t eight;
  switch (width) {
    case 1:
      std::memcpy(&one, value, 1);
      return one;
    case 2:
      std::memcpy(&two, value, 2);
      return two;
    case 4:
      std::memcpy(&four, value, 4);
      return four;
    default:  // of a 128-bit decimal the low half says all
      std::memcpy(&eight, value, 8);
      return eight;
  }
}

// Bits of the largest difference between neighbouring deltas of one block.
int DeltaBits(const uint8_t* values, int width, int64_t count) {
  int64_t smallest = std::numeric_limits<int64_t>::max();
  int64_t largest = std::numeric_limits<int64_t>::min();
  for (int64_t i = 1; i < count; ++i) {
    const auto before = static_cast<uint64_t>(IntegerValue(values + (i - 1) * width, width));
    const auto delta = static_cast<int64_t>(
        static_cast<uint64_t>(IntegerValue(values + i * width, width)) - before);
    smallest = std::min(smallest, delta);
    largest = std::max(largest, delta);
  }
  if (count < 2) return 0;
  return static_cast<int>(
      std::bit_width(static_cast<uint64_t>(largest) - static_cast<uint64_t>(smallest)));
}

double MeanDeltaBits(const arrow::ArrayVector& chunks, int width) {
  double bits = 0;
  int64_t runs = 0;
  for (const auto& chunk : chunks) {
    const int64_t here = std::max<int64_t>(1, kDeltaRuns / static_cast<int64_t>(chunks.size()));
    const int64_t run = std::min(chunk->length(), kDeltaRun + 1);
    for (int64_t i = 0; i < here && run > 1; ++i) {
      const int64_t begin = (chunk->length() - run) * i / std::max<int64_t>(1, here - 1);
      const uint8_t* values = chunk->data()->buffers[1]->data() + (chunk->offset() + begin) * width;
      bits += DeltaBits(values, width, run);
      ++runs;
    }
  }
  return runs == 0 ? 0 : bits / static_cast<double>(runs);
}

}  // namespace

ColumnSample SampleColumn(const arrow::ArrayVector& chunks) {
  ColumnSample sample;
  for (const auto& chunk : chunks) sample.rows += chunk->length();
  const arrow::DataType& type = *chunks.front()->type();
  const int width = ArrowWidth(type);
  const bool is_binary =
      arrow::is_base_binary_like(type.id()) || arrow::is_binary_view_like(type.id());
  if (sample.rows == 0 || (width == 0 && !is_binary) || type.id() == arrow::Type::DICTIONARY)
    return sample;

  const int64_t wanted = std::clamp(sample.rows / 24, kSampleMin, kSampleMax);
  const int64_t stride = std::max<int64_t>(1, sample.rows / wanted);
  DistinctCounter distinct;
  int64_t bytes = 0;
  int64_t next = 0;  // row of the next value, counted from the chunk's first
  for (const auto& chunk : chunks) {
    if (is_binary) sample.largest_bytes = std::max(sample.largest_bytes, LargestText(*chunk));
    for (; next < chunk->length() && sample.taken < kSampleMax; next += stride) {
      if (chunk->IsNull(next)) continue;
      ++sample.taken;
      if (is_binary) {
        const std::string_view value = BinaryValue(*chunk, next);
        bytes += static_cast<int64_t>(value.size()) + 4;
        distinct.Add(HashValue(value));
      } else {
        const uint8_t* values = chunk->data()->buffers[1]->data();
        distinct.Add(HashValue(std::string_view(
            reinterpret_cast<const char*>(values) + (chunk->offset() + next) * width,
            static_cast<size_t>(width))));
      }
    }
    next = std::max<int64_t>(0, next - chunk->length());
  }
  sample.distinct = distinct.count();
  sample.is_text = is_binary;
  if (sample.taken > 0) {
    sample.value_bytes = is_binary ? static_cast<double>(bytes) / static_cast<double>(sample.taken)
                                   : PlainWidth(type);
  }
  if (IsStoredAsInteger(type)) sample.delta_bits = MeanDeltaBits(chunks, width);
  return sample;
}

double EstimateDistinct(int64_t taken, int64_t distinct) {
  if (distinct >= taken) return std::numeric_limits<double>::infinity();
  double low = static_cast<double>(distinct);
  double high = 1e12;
  for (int i = 0; i < 100 && high - low > 0.5; ++i) {
    const double middle = (low + high) / 2;
    const double expected = middle * -std::expm1(-static_cast<double>(taken) / middle);
    (expected < static_cast<double>(distinct) ? low : high) = middle;
  }
  return high;
}

ColumnEncoding ChooseEncoding(const ColumnSample& sample, const ParquetOptions& options) {
  if (sample.taken == 0 || sample.largest_bytes > options.data_page_bytes) {
    return ColumnEncoding::kPlain;
  }
  const double plain = sample.value_bytes;
  const double delta = sample.delta_bits < 0 ? plain : sample.delta_bits / 8 + 0.05;
  const double distinct = EstimateDistinct(sample.taken, sample.distinct);
  const double table_bytes = distinct * plain;
  double dictionary = plain;
  if (table_bytes <= 0.8 * static_cast<double>(options.dictionary_page_bytes)) {
    const int bits = std::bit_width(static_cast<uint64_t>(distinct) - (distinct >= 1 ? 1 : 0));
    dictionary = bits / 8.0 + table_bytes / static_cast<double>(sample.rows);
  }
  if (delta <= 0.75 * plain && delta <= 1.1 * dictionary) return ColumnEncoding::kDelta;
  if (dictionary <= 0.75 * plain) return ColumnEncoding::kDictionary;
  return sample.is_text ? ColumnEncoding::kDeltaLength : ColumnEncoding::kPlain;
}

parquet::Encoding::type FormatEncodingOf(ColumnEncoding encoding) {
  switch (encoding) {
    case ColumnEncoding::kDictionary:
      return parquet::Encoding::RLE_DICTIONARY;
    case ColumnEncoding::kDelta:
      return parquet::Encoding::DELTA_BINARY_PACKED;
    case ColumnEncoding::kDeltaLength:
      return parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY;
    case ColumnEncoding::kByteStreamSplit:
      return parquet::Encoding::BYTE_STREAM_SPLIT;
    case ColumnEncoding::kPlain:
      break;
  }
  return parquet::Encoding::PLAIN;
}

}  // namespace headrace
