// Numbers out of text: fast paths without a branch per digit, exact slow paths behind them.
//
// The fast paths load 8 or 16 bytes that END at the field's end, so kTextPadding bytes before the
// text must be readable.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

namespace headrace {

static_assert(std::endian::native == std::endian::little,
              "digit words are loaded in little-endian order");

inline uint64_t LoadWord(const uint8_t* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

inline constexpr uint64_t kZeroDigits = 0x3030303030303030ULL;

// Whether all eight bytes (digit values, '0' already taken off) are 0..9.
inline bool AreDigitValues(uint64_t values) {
  return (((values + 0x7676767676767676ULL) | values) & 0x8080808080808080ULL) == 0;
}

// Eight digit values, the first one in the lowest byte, as a number.
inline uint64_t CombineDigits(uint64_t values) {
  values = values * 10 + (values >> 8);
  return (((values & 0x000000ff000000ffULL) * 0x000f424000000064ULL) +
          (((values >> 16) & 0x000000ff000000ffULL) * 0x0000271000000001ULL)) >>
         32;
}

// Digit values of the last `count` (1..8) bytes before `end`, zeros before them.
inline uint64_t DigitValues(const uint8_t* end, int64_t count) {
  const uint64_t keep = ~uint64_t{0} << (64 - 8 * count);
  return (LoadWord(end - 8) ^ kZeroDigits) & keep;
}

// Unsigned decimal digits, 1 to 19 of them.
inline bool ParseDigits(const uint8_t* begin, const uint8_t* end, uint64_t* value) {
  const int64_t length = end - begin;
  if (length <= 8) {
    if (length <= 0) return false;
    const uint64_t values = DigitValues(end, length);
    *value = CombineDigits(values);
    return AreDigitValues(values);
  }
  const uint64_t low = LoadWord(end - 8) ^ kZeroDigits;
  if (length <= 16) {
    const uint64_t high = DigitValues(end - 8, length - 8);
    *value = CombineDigits(high) * 100000000 + CombineDigits(low);
    return AreDigitValues(low) && AreDigitValues(high);
  }
  if (length > 19) return false;
  const uint64_t middle = LoadWord(end - 16) ^ kZeroDigits;
  const uint64_t high = DigitValues(end - 16, length - 16);
  *value =
      (CombineDigits(high) * 100000000 + CombineDigits(middle)) * 100000000 + CombineDigits(low);
  return AreDigitValues(low) && AreDigitValues(middle) && AreDigitValues(high);
}

// 1 to 8 digits without a sign: what most integer columns hold.
inline bool ParseShortInt(const uint8_t* begin, const uint8_t* end, int64_t* value) {
  const int64_t length = end - begin;
  if (static_cast<uint64_t>(length - 1) >= 8) return false;
  const uint64_t values = DigitValues(end, length);
  *value = static_cast<int64_t>(CombineDigits(values));
  return AreDigitValues(values);
}

// [+-]digits within int64.
inline bool ParseInt64(const uint8_t* begin, const uint8_t* end, int64_t* value) {
  if (begin == end) return false;
  const bool negative = *begin == '-';
  begin += negative || *begin == '+';
  uint64_t magnitude;
  if (!ParseDigits(begin, end, &magnitude)) return false;
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (magnitude > kMax + (negative ? 1 : 0)) return false;
  *value = static_cast<int64_t>(negative ? ~magnitude + 1 : magnitude);
  return true;
}

// A plain decimal number: mantissa / 10^scale. `digits` counts mantissa digits as written.
struct DecimalText {
  uint64_t mantissa = 0;
  int scale = 0;
  int digits = 0;
};

// digits[.digits] or .digits or digits. without a sign, at most 16 bytes.
inline bool ParseShortDecimal(const uint8_t* begin, const uint8_t* end, DecimalText* out) {
  using Wide = unsigned __int128;
  constexpr uint64_t kDot = static_cast<uint64_t>('.' ^ '0');
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  constexpr uint64_t kHighs = 0x8080808080808080ULL;
  const int64_t length = end - begin;
  if (length <= 8) {
    if (length <= 0) return false;
    uint64_t values = DigitValues(end, length);
    const uint64_t against_dot = values ^ (kOnes * kDot);
    const uint64_t dots = (against_dot - kOnes) & ~against_dot & kHighs;
    int scale = 0;
    int has_dot = 0;
    if (dots != 0) {
      const int at =
          std::countr_zero(dots) / 8;  // the first one; another stays and fails as a digit
      const uint64_t before = (uint64_t{1} << (8 * at)) - 1;
      const uint64_t through = before << 8 | 0xff;
      values = (values & ~through) | (values & before) << 8;
      scale = 7 - at;
      has_dot = 1;
    }
    out->mantissa = CombineDigits(values);
    out->scale = scale;
    out->digits = static_cast<int>(length) - has_dot;
    return AreDigitValues(values) && out->digits > 0;
  }
  if (length > 16) return false;
  uint64_t high = LoadWord(end - 8) ^ kZeroDigits;  // the later bytes
  uint64_t low = DigitValues(end - 8, length - 8);
  const uint64_t high_against = high ^ (kOnes * kDot);
  const uint64_t low_against = low ^ (kOnes * kDot);
  const uint64_t high_dots = (high_against - kOnes) & ~high_against & kHighs;
  const uint64_t low_dots = (low_against - kOnes) & ~low_against & kHighs;
  int scale = 0;
  int has_dot = 0;
  if ((high_dots | low_dots) != 0) {
    const int at =
        low_dots != 0 ? std::countr_zero(low_dots) / 8 : 8 + std::countr_zero(high_dots) / 8;
    Wide values = static_cast<Wide>(high) << 64 | low;
    const Wide before = (static_cast<Wide>(1) << (8 * at)) - 1;
    const Wide through = before << 8 | 0xff;
    values = (values & ~through) | (values & before) << 8;
    high = static_cast<uint64_t>(values >> 64);
    low = static_cast<uint64_t>(values);
    scale = 15 - at;
    has_dot = 1;
  }
  out->mantissa = CombineDigits(low) * 100000000 + CombineDigits(high);
  out->scale = scale;
  out->digits = static_cast<int>(length) - has_dot;
  return AreDigitValues(low) && AreDigitValues(high);
}

// Role: reads decimals of a known scale written with exactly so many fractional digits and no sign,
// as columns of amounts hold them: the dot's place is known, so it need not be looked for.
class FixedScaleDecimal {
 public:
  static constexpr int kScaleMax = 6;

  explicit FixedScaleDecimal(int scale)
      : scale_(scale), dot_shift_(scale >= 1 && scale <= kScaleMax ? 8 * (7 - scale) : -1) {}

  // The number without its dot, at most 15 digits; false for any other form.
  bool Parse(const uint8_t* begin, const uint8_t* end, int64_t* mantissa) const {
    const int64_t length = end - begin;
    if (dot_shift_ < 0 || length <= scale_ || length > 16) return false;
    const uint64_t word = LoadWord(end - 8) ^ kZeroDigits;
    if ((word >> dot_shift_ & 0xff) != static_cast<uint64_t>('.' ^ '0')) return false;
    const uint64_t before = (uint64_t{1} << dot_shift_) - 1;
    const uint64_t keep = length >= 8 ? ~uint64_t{0} : ~uint64_t{0} << (64 - 8 * length);
    const uint64_t values = (word & keep & (~before << 8)) | (word & keep & before) << 8;
    bool digits = AreDigitValues(values);
    uint64_t number = CombineDigits(values);
    if (length > 8) {
      const uint64_t high = DigitValues(end - 8, length - 8);
      digits &= AreDigitValues(high);
      number += CombineDigits(high) * 10000000;  // the dot took one of the lower eight places
    }
    *mantissa = static_cast<int64_t>(number);
    return digits;
  }

 private:
  int scale_;
  int dot_shift_;  // of the dot in the last eight bytes, in bits; -1 = scale not handled here
};

inline constexpr double kExactPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// A double whose mantissa and power of ten are exact, so that one division rounds correctly. False
// = take the slow path.
inline bool ParseShortDouble(const uint8_t* begin, const uint8_t* end, double* value) {
  if (begin == end) return false;
  const bool negative = *begin == '-';
  DecimalText text;
  if (!ParseShortDecimal(begin + negative, end, &text) || text.digits > 15) return false;
  const double magnitude =
      static_cast<double>(static_cast<int64_t>(text.mantissa)) / kExactPowersOfTen[text.scale];
  *value = negative ? -magnitude : magnitude;
  return true;
}

// Any double: [+-]digits[.digits][e[+-]digits], or inf, infinity, nan in any case. Correctly
// rounded; false for other text and for finite numbers that would become infinite.
bool ParseDoubleSlow(const uint8_t* begin, const uint8_t* end, double* value);

// [+-]digits[.digits] into a decimal with `scale` fractional digits and at most `precision` (<= 38)
// digits. Fails when a digit other than 0 would be lost.
enum class DecimalResult : uint8_t { kOk, kNotANumber, kTooManyFractionalDigits, kTooLarge };
DecimalResult ParseDecimal128(const uint8_t* begin, const uint8_t* end, int precision, int scale,
                              __int128* value);

}  // namespace headrace
