#include "source/csv/number_text.h"

#include <fast_float/fast_float.h>

#include <cmath>
#include <cstdlib>
#include <string_view>

namespace headrace {
namespace {

bool EqualsWord(const uint8_t* begin, const uint8_t* end, std::string_view word) {
  if (static_cast<size_t>(end - begin) != word.size()) return false;
  for (char c : word) {
    if ((*begin++ | 0x20) != c) return false;
  }
  return true;
}

__int128 PowerOfTen(int exponent) {
  __int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace

bool ParseDoubleSlow(const uint8_t* begin, const uint8_t* end, double* value) {
  const uint8_t* digits = begin;
  if (digits != end && (*digits == '-' || *digits == '+')) ++digits;
  if (digits == end) return false;
  const bool negative = *begin == '-';
  if ((*digits >= '0' && *digits <= '9') || *digits == '.') {
    const auto parsed = fast_float::from_chars(reinterpret_cast<const char*>(digits),
                                               reinterpret_cast<const char*>(end), *value);
    if (parsed.ec != std::errc() || parsed.ptr != reinterpret_cast<const char*>(end)) return false;
    if (std::isinf(*value)) return false;
  } else if (EqualsWord(digits, end, "inf") || EqualsWord(digits, end, "infinity")) {
    *value = std::numeric_limits<double>::infinity();
  } else if (EqualsWord(digits, end, "nan")) {
    *value = std::numeric_limits<double>::quiet_NaN();
  } else {
    return false;
  }
  if (negative) *value = -*value;
  return true;
}

DecimalResult ParseDecimal128(const uint8_t* begin, const uint8_t* end, int precision, int scale,
                              __int128* value) {
  const uint8_t* at = begin;
  if (at != end && (*at == '-' || *at == '+')) ++at;
  unsigned __int128 mantissa = 0;
  int significant = 0;  // digits after leading zeros
  int fraction = -1;    // fractional digits taken; -1 before the dot
  bool any = false;
  bool lost = false;
  for (; at != end; ++at) {
    if (*at == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    const unsigned digit = *at - unsigned{'0'};
    if (digit > 9) return DecimalResult::kNotANumber;
    any = true;
    if (fraction == scale) {
      lost |= digit != 0;
      continue;
    }
    if (fraction >= 0) ++fraction;
    significant += significant > 0 || digit != 0;
    if (significant > 38) return DecimalResult::kTooLarge;
    mantissa = mantissa * 10 + digit;
  }
  if (!any) return DecimalResult::kNotANumber;
  if (lost) return DecimalResult::kTooManyFractionalDigits;
  const int missing = scale - (fraction < 0 ? 0 : fraction);
  if (significant > 0 && significant + missing > precision) return DecimalResult::kTooLarge;
  if (significant > 0) mantissa *= static_cast<unsigned __int128>(PowerOfTen(missing));
  *value = static_cast<__int128>(*begin == '-' ? ~mantissa + 1 : mantissa);
  return DecimalResult::kOk;
}

}  // namespace headrace
