#include "source/csv/type_guess.h"

#include <fmt/format.h>

#include <algorithm>

#include "source/csv/number_text.h"
#include "source/csv/time_text.h"

namespace headrace {
// Values of the type seen so far, in their usual form. Anything else is left to the slow way.
bool TypeGuess::ObserveExpected(const uint8_t* begin, const uint8_t* end) {
  switch (expected_) {
    case kInt64Bit: {
      const bool negative = *begin == '-';
      const uint8_t* digits = begin + negative;
      const int64_t length = end - digits;
      uint64_t magnitude;
      if (length > 18 || !ParseDigits(digits, end, &magnitude)) return false;
      if (*digits == '0' && (length > 1 || negative)) return false;
      // Should the column become double later, every integer must have been one that a double
      // keeps.
      if (length > kSafeDoubleDigits && (possible_ & kDoubleBit) != 0) return false;
      integer_digits_ = std::max(integer_digits_, static_cast<int>(length));
      return true;
    }
    case kDoubleBit: {
      const uint8_t* digits = begin + (*begin == '-');
      DecimalText text;
      if (!ParseShortDecimal(digits, end, &text) || text.digits > kSafeDoubleDigits) return false;
      const int integer_digits = std::max(text.digits - text.scale, 1);
      if (*digits == '0' && integer_digits > 1) return false;
      integer_digits_ = std::max(integer_digits_, integer_digits);
      scale_ = std::max(scale_, text.scale);
      return integer_digits_ + scale_ <= kDecimalDigitsMax || (possible_ & kDecimalBit) == 0;
    }
    case kDateBit: {
      int32_t days;
      return ParseDate(begin, end, &days);
    }
    case kTimestampBit: {
      int64_t micros;
      return ParseTimestamp(begin, end, ZoneRule::kForbidden, &micros);
    }
    default:
      return false;
  }
}

bool TypeGuess::ObserveSlow(const uint8_t* begin, const uint8_t* end) {
  ruled_out_ = 0;
  if (possible_ == 0) return false;
  const ValueClass value = ClassifyValue(begin, end);
  any_ = true;
  integer_digits_ = std::max(integer_digits_, value.integer_digits);
  scale_ = std::max(scale_, value.scale);
  const uint16_t before = possible_;
  possible_ &= value.possible;
  if (integer_digits_ + scale_ > kDecimalDigitsMax) possible_ &= ~kDecimalBit;
  ruled_out_ = before & ~possible_;
  expected_ = static_cast<uint16_t>(possible_ & -possible_);
  return ruled_out_ != 0;
}

void TypeGuess::AddWitness(const TypeWitness& witness) {
  for (int bit = 0; bit < kTypeBits; ++bit) {
    if ((ruled_out_ >> bit & 1) != 0) witnesses_[static_cast<size_t>(bit)] = witness;
  }
}

void TypeGuess::Merge(const TypeGuess& other) {
  if (!other.any_) return;
  any_ = true;
  integer_digits_ = std::max(integer_digits_, other.integer_digits_);
  scale_ = std::max(scale_, other.scale_);
  possible_ &= other.possible_;
  if (integer_digits_ + scale_ > kDecimalDigitsMax) possible_ &= ~kDecimalBit;
  expected_ = static_cast<uint16_t>(possible_ & -possible_);
  for (size_t bit = 0; bit < kTypeBits; ++bit) {
    const TypeWitness& theirs = other.witnesses_[bit];
    TypeWitness& ours = witnesses_[bit];
    if (theirs.file >= 0 && (ours.file < 0 || theirs.Before(ours))) ours = theirs;
  }
}

std::shared_ptr<arrow::DataType> TypeGuess::Resolve() const {
  if (!any_) return arrow::utf8();
  switch (possible_ & -possible_) {
    case kBoolBit:
      return arrow::boolean();
    case kInt64Bit:
      return arrow::int64();
    case kDoubleBit:
      return arrow::float64();
    case kDecimalBit:
      return arrow::decimal128(integer_digits_ + scale_, scale_);
    case kDateBit:
      return arrow::date32();
    case kTimestampBit:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case kTimestampTzBit:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case kTimeBit:
      return arrow::time64(arrow::TimeUnit::MICRO);
    default:
      return arrow::utf8();
  }
}

std::string TypeGuess::Explain() const {
  if (!any_) return "no values";
  // The witness that came last among the types that were ruled out decided; earlier ones had been
  // tried before it.
  const TypeWitness* last = nullptr;
  for (const TypeWitness& witness : witnesses_) {
    if (witness.file >= 0 && (last == nullptr || last->Before(witness))) last = &witness;
  }
  if (last == nullptr) return "";
  return fmt::format("line {} holds '{}'", last->line, last->text);
}

}  // namespace headrace
