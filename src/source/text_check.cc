#include "source/text_check.h"

#include <algorithm>
#include <string_view>

#include "source/text/encoding.h"

namespace headrace {
namespace {

using arrow::Type;

bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// The values lie one behind the other: they are UTF-8 when their bytes together are and no value
// begins inside a character.
template <typename Texts>
bool AllTogetherUtf8(const Texts& texts) {
  const auto* offsets = texts.raw_value_offsets();
  const int64_t length = texts.length();
  const auto begin = static_cast<int64_t>(offsets[0]);
  const auto end = static_cast<int64_t>(offsets[length]);
  if (begin == end) return true;
  const uint8_t* bytes = texts.raw_data();
  if (FindInvalidUtf8(bytes + begin, end - begin) >= 0) return false;
  // Offsets of the end, where nothing is left, point behind the last byte.
  return std::none_of(offsets, offsets + length,
                      [&](auto offset) { return offset < end && IsContinuation(bytes[offset]); });
}

bool IsUtf8(std::string_view text) {
  return FindInvalidUtf8(reinterpret_cast<const uint8_t*>(text.data()),
                         static_cast<int64_t>(text.size())) < 0;
}

template <typename Texts>
std::optional<int64_t> FindOneByOne(const Texts& texts) {
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (!texts.IsNull(i) && !IsUtf8(texts.GetView(i))) return i;
  }
  return std::nullopt;
}

template <typename Texts>
std::optional<int64_t> FindText(const arrow::Array& column) {
  const auto& texts = static_cast<const Texts&>(column);
  // Bytes of NULL, which do not count, may have failed all together.
  return texts.length() == 0 || AllTogetherUtf8(texts) ? std::nullopt : FindOneByOne(texts);
}

std::optional<int64_t> FindInDictionary(const arrow::DictionaryArray& column) {
  const arrow::Array& values = *column.dictionary();
  const bool is_small = values.length() <= column.length();
  if (is_small && !FindRowNotUtf8(values)) return std::nullopt;
  for (int64_t i = 0; i < column.length(); ++i) {
    if (column.IsNull(i)) continue;
    if (FindRowNotUtf8(*values.Slice(column.GetValueIndex(i), 1))) return i;
  }
  return std::nullopt;
}

// `values` are those of all rows' lists; the row whose list holds the one found.
template <typename Lists>
std::optional<int64_t> FindInLists(const arrow::Array& column) {
  const auto& lists = static_cast<const Lists&>(column);
  if (lists.length() == 0) return std::nullopt;
  const auto* offsets = lists.raw_value_offsets();
  const int64_t length = lists.length();
  const auto found =
      FindRowNotUtf8(*lists.values()->Slice(offsets[0], offsets[length] - offsets[0]));
  if (!found) return std::nullopt;
  const auto* after = std::upper_bound(
      offsets, offsets + length + 1, *found + offsets[0],
      [](int64_t value, auto offset) { return value < static_cast<int64_t>(offset); });
  return after - offsets - 1;
}

std::optional<int64_t> FindInStructs(const arrow::Array& column) {
  const auto& structs = static_cast<const arrow::StructArray&>(column);
  std::optional<int64_t> first;
  for (int i = 0; i < structs.num_fields(); ++i) {
    const auto found = FindRowNotUtf8(*structs.field(i));
    if (found && (!first || *found < *first)) first = found;
  }
  return first;
}

}  // namespace

std::optional<int64_t> FindRowNotUtf8(const arrow::Array& column) {
  switch (column.type_id()) {
    case Type::STRING:
      return FindText<arrow::StringArray>(column);
    case Type::LARGE_STRING:
      return FindText<arrow::LargeStringArray>(column);
    case Type::STRING_VIEW:
      return FindOneByOne(static_cast<const arrow::StringViewArray&>(column));
    case Type::DICTIONARY:
      return FindInDictionary(static_cast<const arrow::DictionaryArray&>(column));
    case Type::LIST:
    case Type::MAP:
      return FindInLists<arrow::ListArray>(column);
    case Type::LARGE_LIST:
      return FindInLists<arrow::LargeListArray>(column);
    case Type::FIXED_SIZE_LIST: {
      const auto& lists = static_cast<const arrow::FixedSizeListArray&>(column);
      const int64_t size = lists.list_type()->list_size();
      if (size == 0) return std::nullopt;
      const auto found =
          FindRowNotUtf8(*lists.values()->Slice(lists.value_offset(0), lists.length() * size));
      return found ? std::optional<int64_t>(*found / size) : std::nullopt;
    }
    case Type::STRUCT:
      return FindInStructs(column);
    default:
      return std::nullopt;
  }
}

}  // namespace headrace
