#include <algorithm>
#include <charconv>
#include <cmath>

#include "source/csv/bool_text.h"
#include "source/csv/number_text.h"
#include "source/csv/structure_scan.h"
#include "source/csv/time_text.h"
#include "source/csv/type_guess.h"

namespace headrace {
namespace {

constexpr int kDoubleDigitsMax = 17;

// A number as written, taken apart.
struct NumberParts {
  const uint8_t* integer = nullptr;
  int64_t integer_length = 0;
  const uint8_t* fraction = nullptr;
  int64_t fraction_length = 0;
  bool has_point = false;
  bool has_exponent = false;
  bool negative = false;
};

int64_t DigitRun(const uint8_t* begin, const uint8_t* end) {
  const uint8_t* at = begin;
  while (at != end && *at >= '0' && *at <= '9') ++at;
  return at - begin;
}

// -?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)? with at least one digit in the mantissa.
bool TakeApart(const uint8_t* at, const uint8_t* end, NumberParts* parts) {
  if (at != end && *at == '-') {
    parts->negative = true;
    ++at;
  }
  parts->integer = at;
  parts->integer_length = DigitRun(at, end);
  if (parts->integer_length > 1 && *at == '0') return false;
  at += parts->integer_length;
  if (at != end && *at == '.') {
    parts->has_point = true;
    ++at;
    parts->fraction = at;
    parts->fraction_length = DigitRun(at, end);
    at += parts->fraction_length;
  }
  if (parts->integer_length + parts->fraction_length == 0) return false;
  if (at != end && (*at | 0x20) == 'e') {
    parts->has_exponent = true;
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const int64_t digits = DigitRun(at, end);
    if (digits == 0 || digits > 4) return false;
    at += digits;
  }
  return at == end;
}

// Significant digits of the mantissa, without leading and trailing zeros, into `out` (room for
// kDoubleDigitsMax + 1). Returns their count; more than kDoubleDigitsMax are not written.
int SignificantDigits(const NumberParts& parts, char* out) {
  int count = 0;
  int zeros = 0;
  const auto take = [&](const uint8_t* digits, int64_t length) {
    for (int64_t i = 0; i < length; ++i) {
      if (digits[i] == '0') {
        zeros += count > 0;
        continue;
      }
      for (; zeros > 0; --zeros) {
        if (count <= kDoubleDigitsMax) out[count] = '0';
        ++count;
      }
      if (count <= kDoubleDigitsMax) out[count] = static_cast<char>(digits[i]);
      ++count;
    }
  };
  take(parts.integer, parts.integer_length);
  take(parts.fraction, parts.fraction_length);
  return count;
}

// Whether a double keeps every digit written: printed with as many significant digits it gives the
// same ones.
bool DoubleKeeps(const uint8_t* begin, const uint8_t* end, const NumberParts& parts) {
  char digits[kDoubleDigitsMax + 1];
  const int count = SignificantDigits(parts, digits);
  if (count > kDoubleDigitsMax) return false;
  if (!parts.has_exponent && count <= kSafeDoubleDigits && parts.fraction_length < 290 &&
      parts.integer_length < 290) {
    return true;
  }
  double value;
  if (!ParseDoubleSlow(begin, end, &value)) return false;
  if (count == 0) return true;
  if (value == 0) return false;  // too small: became zero
  char printed[64];
  const auto result = std::to_chars(printed, printed + sizeof(printed), std::fabs(value),
                                    std::chars_format::scientific, count - 1);
  // d.ddddde+xx
  int at = 0;
  for (const char* c = printed; c != result.ptr && *c != 'e'; ++c) {
    if (*c == '.') continue;
    if (at >= count || *c != digits[at]) return false;
    ++at;
  }
  return true;
}

ValueClass ClassifyNumber(const uint8_t* begin, const uint8_t* end, const NumberParts& parts) {
  ValueClass value;
  if (!parts.has_point && !parts.has_exponent) {
    int64_t integer;
    const bool minus_zero = parts.negative && parts.integer_length == 1 && *parts.integer == '0';
    if (!minus_zero && ParseInt64(begin, end, &integer)) value.possible |= kInt64Bit;
  }
  if (DoubleKeeps(begin, end, parts)) value.possible |= kDoubleBit;
  if (!parts.has_exponent) {
    value.integer_digits = static_cast<int>(std::clamp<int64_t>(parts.integer_length, 1, 1000));
    value.scale = static_cast<int>(std::min<int64_t>(parts.fraction_length, 1000));
    if (value.integer_digits + value.scale <= kDecimalDigitsMax) value.possible |= kDecimalBit;
  }
  return value;
}

}  // namespace

ValueClass ClassifyValue(const uint8_t* begin, const uint8_t* end) {
  ValueClass value;
  if (begin == end) return value;
  const uint8_t first = *begin;
  if (first == '-' || first == '.' || (first >= '0' && first <= '9')) {
    NumberParts parts;
    if (TakeApart(begin, end, &parts)) return ClassifyNumber(begin, end, parts);
    int32_t days;
    int64_t micros;
    if (ParseDate(begin, end, &days)) {
      value.possible = kDateBit | kTimestampBit;
    } else if (ParseTimestamp(begin, end, ZoneRule::kForbidden, &micros)) {
      value.possible = kTimestampBit;
    } else if (ParseTimestamp(begin, end, ZoneRule::kRequired, &micros)) {
      value.possible = kTimestampTzBit;
    } else if (ParseTime(begin, end, &micros)) {
      value.possible = kTimeBit;
    }
    return value;
  }
  bool truth;
  if (ParseTrueFalse(begin, end, &truth)) value.possible = kBoolBit;
  return value;
}

ValueClass ClassifyText(std::string_view text) {
  std::string padded(kTextPadding, '\0');
  padded += text;
  const uint8_t* begin = reinterpret_cast<const uint8_t*>(padded.data());
  return ClassifyValue(begin + kTextPadding, begin + padded.size());
}

}  // namespace headrace
