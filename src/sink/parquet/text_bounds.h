// Smallest and largest of a column's texts, bytewise as Parquet orders strings.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sink/parquet/row_group_encoder.h"

namespace headrace {

// Role: statistics of string and binary columns at a fraction of the column writer's own cost:
// nearly every value is settled by one comparison of its first eight bytes. Keeps the
// beginnings of two values, however long those are. Threads: one.
class TextBounds {
 public:
  // Views and dictionaries are left to the column writer.
  static bool Handles(const arrow::DataType& type);

  void Add(const arrow::Array& chunk);
  void Add(std::span<const std::string_view> texts) {
    for (const std::string_view text : texts) AddValue(text);
  }
  // As if all texts of the other had been added; its nulls are left out.
  void Merge(const TextBounds& other);
  // Values longer than this are left out: a truncated bound would have to be marked as such.
  static constexpr size_t kBytesMax = 4096;
  EncodedBounds Finish() const;
  // Into min and max alone.
  void Finish(EncodedBounds* bounds) const;
  // Of texts; no pool counts them.
  size_t kept_bytes() const { return min_.size() + max_.size(); }

 private:
  template <typename ArrayType>
  void AddTexts(const ArrayType& chunk);
  void AddValue(std::string_view value);

  bool any_ = false;
  int64_t nulls_ = 0;
  uint64_t min_prefix_ = 0;
  uint64_t max_prefix_ = 0;
  std::string min_;
  std::string max_;
};

}  // namespace headrace
