#include "sink/parquet/text_bounds.h"

#include <bit>
#include <cstring>

namespace headrace {
namespace {

template <typename Word>
uint64_t LoadOrdered(const char* data) {
  Word word;
  std::memcpy(&word, data, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) return word;
  return sizeof(Word) == 8 ? __builtin_bswap64(word) : __builtin_bswap32(word);
}

// The first eight bytes as a number that orders as they do, zeros behind a shorter value. The parts
// of a short one overlap where its length is no power of two: there they are the same.
inline uint64_t Prefix(std::string_view value) {
  const size_t size = value.size();
  if (size >= 8) [[likely]]
    return LoadOrdered<uint64_t>(value.data());
  if (size >= 4) {
    return LoadOrdered<uint32_t>(value.data()) << 32 |
           LoadOrdered<uint32_t>(value.data() + size - 4) << (8 * (8 - size));
  }
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i)
    word |= static_cast<uint64_t>(static_cast<uint8_t>(value[i])) << (56 - 8 * i);
  return word;
}

}  // namespace

bool TextBounds::Handles(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id());
}

void TextBounds::AddValue(std::string_view value) {
  // Cutting every value at the same length keeps their order: what is kept of the smallest is the
  // smallest of what is kept, and the same for the largest. One byte more than kBytesMax tells
  // Finish that it was cut.
  value = value.substr(0, kBytesMax + 1);
  const uint64_t prefix = Prefix(value);
  if (!any_) {
    any_ = true;
    min_prefix_ = max_prefix_ = prefix;
    min_ = max_ = value;
    return;
  }
  // Equal prefixes decide nothing: the rest of the values, or their lengths, do. Short values that
  // repeat are the common case of it.
  const auto same = [&](uint64_t bound_prefix, const std::string& bound) {
    return prefix == bound_prefix && value.size() <= 8 && value.size() == bound.size();
  };
  if (same(min_prefix_, min_) || same(max_prefix_, max_)) return;
  if (prefix <= min_prefix_ && (prefix < min_prefix_ || value < min_)) {
    min_prefix_ = prefix;
    min_ = value;
  }
  if (prefix >= max_prefix_ && (prefix > max_prefix_ || value > max_)) {
    max_prefix_ = prefix;
    max_ = value;
  }
}

template <typename ArrayType>
void TextBounds::AddTexts(const ArrayType& chunk) {
  const bool has_nulls = chunk.null_count() > 0;
  for (int64_t i = 0; i < chunk.length(); ++i) {
    if (has_nulls && chunk.IsNull(i)) continue;
    AddValue(chunk.GetView(i));
  }
}

void TextBounds::Add(const arrow::Array& chunk) {
  nulls_ += chunk.null_count();
  if (chunk.type_id() == arrow::Type::STRING || chunk.type_id() == arrow::Type::BINARY) {
    AddTexts(static_cast<const arrow::BinaryArray&>(chunk));
  } else {
    AddTexts(static_cast<const arrow::LargeBinaryArray&>(chunk));
  }
}

void TextBounds::Merge(const TextBounds& other) {
  if (!other.any_) return;
  AddValue(other.min_);
  AddValue(other.max_);
}

void TextBounds::Finish(EncodedBounds* bounds) const {
  if (any_ && min_.size() <= kBytesMax) bounds->min = min_;
  if (any_ && max_.size() <= kBytesMax) bounds->max = max_;
}

EncodedBounds TextBounds::Finish() const {
  EncodedBounds bounds;
  bounds.null_count = nulls_;
  Finish(&bounds);
  return bounds;
}

}  // namespace headrace
