#include "sink/parquet/value_bounds.h"

#include <algorithm>
#include <bit>
#include <type_traits>

namespace headrace {
namespace {

template <typename V>
using FloatOf = std::conditional_t<sizeof(V) == 4, float, double>;

template <typename V>
std::string StoredForm(V value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

template <typename V>
template <typename Number>
void ValueBounds<V>::AddNumbers(std::span<const V> values) {
  size_t at = 0;
  if (!any_) {
    if constexpr (std::is_floating_point_v<Number>) {
      while (at < values.size() &&
             std::bit_cast<Number>(values[at]) != std::bit_cast<Number>(values[at])) {
        ++at;
      }
    }
    if (at == values.size()) return;
    any_ = true;
    min_ = max_ = values[at];
  }
  auto smallest = std::bit_cast<Number>(min_);
  auto largest = std::bit_cast<Number>(max_);
  for (; at < values.size(); ++at) {
    const auto value = std::bit_cast<Number>(values[at]);
    // Comparisons with NaN are false, so the bound stays.
    smallest = value < smallest ? value : smallest;
    largest = value > largest ? value : largest;
  }
  min_ = std::bit_cast<V>(smallest);
  max_ = std::bit_cast<V>(largest);
}

template <typename V>
void ValueBounds<V>::Add(std::span<const V> values) {
  switch (order_) {
    case ValueOrder::kFloat:
      return AddNumbers<FloatOf<V>>(values);
    case ValueOrder::kUnsigned:
      return AddNumbers<V>(values);
    default:
      return AddNumbers<std::make_signed_t<V>>(values);
  }
}

template <typename V>
void ValueBounds<V>::Merge(const ValueBounds& other) {
  if (!other.any_) return;
  const V values[] = {other.min_, other.max_};
  Add(values);
}

template <typename V>
void ValueBounds<V>::Finish(EncodedBounds* bounds) const {
  if (!any_) return;
  V min = min_;
  V max = max_;
  if (order_ == ValueOrder::kFloat) {
    if (std::bit_cast<FloatOf<V>>(min) == 0) min = std::bit_cast<V>(-FloatOf<V>{0});
    if (std::bit_cast<FloatOf<V>>(max) == 0) max = std::bit_cast<V>(FloatOf<V>{0});
  }
  bounds->min = StoredForm(min);
  bounds->max = StoredForm(max);
}

template class ValueBounds<uint32_t>;
template class ValueBounds<uint64_t>;

}  // namespace headrace
