// FlatTable: fields of a FlatBuffers table, as Arrow keeps its metadata.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "base/status.h"

namespace headrace {

static_assert(std::endian::native == std::endian::little, "FlatBuffers are little endian");

// Role: reads one table inside `bytes`. Nothing in it is believed: every offset is held against the
// bytes there are, and no read depends on their alignment. Owner: the caller, who keeps the bytes.
// Threads: any. Errors: Invalid (Arrow's own, turned into BadInput at the seam).
class FlatTable {
 public:
  static Result<FlatTable> Root(std::span<const uint8_t> bytes);

  // A number; `otherwise` when the field is left out.
  template <typename T>
  Result<T> Number(int field, T otherwise) const {
    ARROW_ASSIGN_OR_RAISE(const int64_t position, PositionOf(field));
    if (position == 0) return otherwise;
    return Read<T>(position);
  }

  // nullopt when the field is left out.
  Result<std::optional<FlatTable>> Table(int field) const;

  // A vector of structs or numbers of `width` bytes each, as they stand; empty when left out.
  Result<std::span<const uint8_t>> Vector(int field, int64_t width) const;

 private:
  explicit FlatTable(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  static Result<FlatTable> At(std::span<const uint8_t> bytes, int64_t position);
  // 0 when the field is left out: the root offset stands there, never a field.
  Result<int64_t> PositionOf(int field) const;
  // Where an offset stored at `position` leads.
  Result<int64_t> Follow(int64_t position) const;

  template <typename T>
  Result<T> Read(int64_t position) const {
    if (position < 0 || position > static_cast<int64_t>(bytes_.size() - sizeof(T)) ||
        bytes_.size() < sizeof(T)) {
      return Status::Invalid("metadata points outside itself");
    }
    T value;
    std::memcpy(&value, bytes_.data() + position, sizeof(T));
    return value;
  }

  std::span<const uint8_t> bytes_;
  int64_t position_ = 0;
  int64_t fields_position_ = 0;  // of the table of field offsets
  int64_t fields_bytes_ = 0;
};

}  // namespace headrace
