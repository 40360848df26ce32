// Type inference: which types every value of a column could have without losing anything.
#pragma once

#include <arrow/type.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "source/csv/dialect.h"

namespace headrace {

// One bit per candidate type, in order of preference. String is always possible.
enum TypeBit : uint16_t {
  kBoolBit = 1 << 0,     // true, false in any case
  kInt64Bit = 1 << 1,    // no leading zeros, no '+'
  kDoubleBit = 1 << 2,   // printing the double at the written precision gives the digits back
  kDecimalBit = 1 << 3,  // at most 38 digits, no exponent
  kDateBit = 1 << 4,
  kTimestampBit = 1 << 5,  // also for a bare date
  kTimestampTzBit = 1 << 6,
  kTimeBit = 1 << 7,
};
inline constexpr int kTypeBits = 8;
inline constexpr uint16_t kAllTypeBits = (1 << kTypeBits) - 1;

inline constexpr int kDecimalDigitsMax = 38;
// Any decimal of so many digits survives text -> double -> text.
inline constexpr int kSafeDoubleDigits = 15;

struct ValueClass {
  uint16_t possible = 0;
  int integer_digits = 0;  // for decimals: digits before the point (at least 1) and behind it
  int scale = 0;
};

// What one non-empty value could be.
// kTextPadding bytes before it must be readable, as for every number parser.
ValueClass ClassifyValue(const uint8_t* begin, const uint8_t* end);
// The same for text that stands anywhere: it is copied to where there is padding.
ValueClass ClassifyText(std::string_view text);

// The value that ruled a type out first.
struct TypeWitness {
  int file = -1;  // -1 = none
  int64_t offset = 0;
  int64_t line = 0;
  std::string text;
  bool Before(const TypeWitness& other) const {
    return file < other.file || (file == other.file && offset < other.offset);
  }
};

// Role: the running intersection for one column. Merging is commutative, so blocks may be looked at
// in any order. Threads: one; each worker has its own and they are merged at the end.
class TypeGuess {
 public:
  // Values may be of these types only.
  explicit TypeGuess(uint16_t candidates = kAllTypeBits) : possible_(candidates) {}
  // Takes a non-null value; true when it ruled something out (then `ruled_out` tells what).
  bool Observe(const uint8_t* begin, const uint8_t* end) {
    if (ObserveExpected(begin, end)) [[likely]]
      return false;
    return ObserveSlow(begin, end);
  }
  bool only_string() const { return possible_ == 0; }
  uint16_t ruled_out() const { return ruled_out_; }
  // Remembers `witness` for the types that the last Observe ruled out.
  void AddWitness(const TypeWitness& witness);
  void Merge(const TypeGuess& other);

  // The narrowest type that loses nothing; string when there was no value.
  std::shared_ptr<arrow::DataType> Resolve() const;
  // "string because line 7 holds '007'": why it is not a simpler type; "" when nothing was ruled
  // out by a witness.
  std::string Explain() const;

 private:
  bool ObserveExpected(const uint8_t* begin, const uint8_t* end);
  bool ObserveSlow(const uint8_t* begin, const uint8_t* end);
  uint16_t Candidates() const;

  uint16_t possible_;
  uint16_t expected_ = 0;  // the type whose fast check is tried first
  uint16_t ruled_out_ = 0;
  bool any_ = false;
  int integer_digits_ = 0;
  int scale_ = 0;
  std::array<TypeWitness, kTypeBits> witnesses_;
};

}  // namespace headrace
