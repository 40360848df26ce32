#include "source/json/json_bad_values.h"

#include <algorithm>

namespace headrace {

bool JsonBadValues::Add(JsonBadValue value) {
  value.row = RowAt(value.begin);
  if (values_.size() > column_begin_ && values_.back().row == value.row) return true;
  values_.push_back(std::move(value));
  return values_.size() - column_begin_ < kJsonBadRowsMax;
}

void JsonBadValues::EndColumn() {
  const auto by_place = [](const JsonBadValue& a, const JsonBadValue& b) {
    return a.begin < b.begin;
  };
  const auto same_row = [](const JsonBadValue& a, const JsonBadValue& b) { return a.row == b.row; };
  std::inplace_merge(values_.begin(), values_.begin() + static_cast<ptrdiff_t>(column_begin_),
                     values_.end(), by_place);
  values_.erase(std::unique(values_.begin(), values_.end(), same_row), values_.end());
  if (values_.size() > kJsonBadRowsMax) values_.resize(kJsonBadRowsMax);
  column_begin_ = values_.size();
}

int64_t JsonBadValues::RowAt(const uint8_t* place) const {
  const uint32_t* const starts = row_starts_.data();
  const auto offset = static_cast<uint32_t>(place - text_);
  return std::upper_bound(starts, starts + row_starts_.size(), offset) - starts - 1;
}

}  // namespace headrace
