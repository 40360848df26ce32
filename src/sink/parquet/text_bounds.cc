#include "sink/parquet/text_bounds.h"

#include <bit>
#include <cstring>

namespace headrace {
namespace {

// The first eight bytes as a number that orders as they do, zeros behind a shorter value.
inline uint64_t Prefix(std::string_view value) {
  uint64_t word = 0;
  if (value.size() >= 8) [[likely]] {
    std::memcpy(&word, value.data(), 8);
  } else {
    std::memcpy(&word, value.data(), value.size());
  }
  return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
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

EncodedBounds TextBounds::Finish() const {
  EncodedBounds bounds;
  bounds.null_count = nulls_;
  if (any_ && min_.size() <= kBytesMax) bounds.min = min_;
  if (any_ && max_.size() <= kBytesMax) bounds.max = max_;
  return bounds;
}

}  // namespace headrace
