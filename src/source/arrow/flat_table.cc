#include "source/arrow/flat_table.h"

namespace headrace {
namespace {

constexpr int64_t kFieldsHeadBytes = 4;  // sizes of the offsets' table and of the table itself

}  // namespace

Result<FlatTable> FlatTable::Root(std::span<const uint8_t> bytes) {
  ARROW_ASSIGN_OR_RAISE(const int64_t position, FlatTable(bytes).Follow(0));
  return At(bytes, position);
}

Result<FlatTable> FlatTable::At(std::span<const uint8_t> bytes, int64_t position) {
  FlatTable table(bytes);
  table.position_ = position;
  ARROW_ASSIGN_OR_RAISE(const auto back, table.Read<int32_t>(position));
  table.fields_position_ = position - back;
  ARROW_ASSIGN_OR_RAISE(table.fields_bytes_, table.Read<uint16_t>(table.fields_position_));
  if (table.fields_bytes_ < kFieldsHeadBytes) return Status::Invalid("metadata without fields");
  return table;
}

Result<int64_t> FlatTable::PositionOf(int field) const {
  const int64_t slot = kFieldsHeadBytes + int64_t{2} * field;
  if (slot + 2 > fields_bytes_) return 0;
  ARROW_ASSIGN_OR_RAISE(const auto offset, Read<uint16_t>(fields_position_ + slot));
  return offset == 0 ? 0 : position_ + offset;
}

Result<int64_t> FlatTable::Follow(int64_t position) const {
  ARROW_ASSIGN_OR_RAISE(const auto offset, Read<uint32_t>(position));
  return position + offset;
}

Result<std::optional<FlatTable>> FlatTable::Table(int field) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t position, PositionOf(field));
  if (position == 0) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const int64_t target, Follow(position));
  ARROW_ASSIGN_OR_RAISE(auto table, At(bytes_, target));
  return table;
}

Result<std::span<const uint8_t>> FlatTable::Vector(int field, int64_t width) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t position, PositionOf(field));
  if (position == 0) return std::span<const uint8_t>();
  ARROW_ASSIGN_OR_RAISE(const int64_t start, Follow(position));
  ARROW_ASSIGN_OR_RAISE(const auto count, Read<uint32_t>(start));
  const int64_t first = start + static_cast<int64_t>(sizeof(uint32_t));
  const int64_t length = int64_t{count} * width;
  if (length > static_cast<int64_t>(bytes_.size()) - first) {
    return Status::Invalid("metadata claims ", count, " elements, which are not there");
  }
  return bytes_.subspan(static_cast<size_t>(first), static_cast<size_t>(length));
}

}  // namespace headrace
