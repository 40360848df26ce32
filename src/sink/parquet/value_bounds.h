// ValueBounds: smallest and largest of values as Parquet orders and stores them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sink/parquet/flat_values.h"
#include "sink/parquet/text_bounds.h"

namespace headrace {

// Role: bounds of fixed-width values, V as in PresentValues; NaN is left out, and zeros get the
// signs that the format asks for. Threads: one.
template <typename V>
class ValueBounds {
 public:
  explicit ValueBounds(ValueOrder order) : order_(order) {}

  void Add(std::span<const V> values);
  // As if all values of the other had been added.
  void Merge(const ValueBounds& other);
  // Into min and max; the rest is the caller's.
  void Finish(EncodedBounds* bounds) const;

 private:
  template <typename Number>
  void AddNumbers(std::span<const V> values);

  ValueOrder order_;
  bool any_ = false;
  V min_ = 0;
  V max_ = 0;
};

template <>
class ValueBounds<std::string_view> {
 public:
  explicit ValueBounds(ValueOrder) {}
  void Add(std::span<const std::string_view> texts) { bounds_.Add(texts); }
  void Merge(const ValueBounds& other) { bounds_.Merge(other.bounds_); }
  void Finish(EncodedBounds* bounds) const { bounds_.Finish(bounds); }

 private:
  TextBounds bounds_;
};

}  // namespace headrace
