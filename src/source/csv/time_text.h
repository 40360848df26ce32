// Dates and times out of text, in ISO form only: yyyy-MM-dd, HH:mm:ss[.ffffff], with 'T' or ' '
// between them, and a zone.
#pragma once

#include <cstdint>

#include "expr/calendar.h"
#include "source/csv/number_text.h"

namespace headrace {

using expr::kMicrosPerDay;
using expr::kMicrosPerSecond;
inline constexpr int64_t kDateBytes = 10;

inline bool IsLeapYear(uint32_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// Exactly yyyy-MM-dd at `text` (10 bytes), years 0001 to 9999; days since 1970-01-01.
inline bool ParseDate10(const uint8_t* text, int32_t* days) {
  // Bytes become digit values and the dashes zero; anything else sets a high bit below.
  const uint64_t head = LoadWord(text) ^ 0x2d30302d30303030ULL;
  const uint32_t tens = text[8] ^ 0x30u;
  const uint32_t ones = text[9] ^ 0x30u;
  if ((((head + 0x7f76767f76767676ULL) | head) & 0x8080808080808080ULL) != 0 || tens > 9 ||
      ones > 9)
    return false;
  const uint32_t year = static_cast<uint32_t>((head & 0xff) * 1000 + (head >> 8 & 0xff) * 100 +
                                              (head >> 16 & 0xff) * 10 + (head >> 24 & 0xff));
  const uint32_t month = static_cast<uint32_t>((head >> 40 & 0xff) * 10 + (head >> 48 & 0xff));
  const uint32_t day = tens * 10 + ones;
  static constexpr uint16_t kDaysBefore[16] = {0,   0,   31,  59,  90,  120, 151, 181,
                                               212, 243, 273, 304, 334, 0,   0,   0};
  static constexpr uint8_t kDaysIn[16] = {0,  31, 28, 31, 30, 31, 30, 31,
                                          31, 30, 31, 30, 31, 0,  0,  0};
  if (month > 12 || year == 0) return false;
  const uint32_t leap = IsLeapYear(year) ? 1 : 0;
  if (day == 0 || day > kDaysIn[month] + (month == 2 ? leap : 0)) return false;
  constexpr int32_t kDaysFrom0001To1970 = 719162;
  const uint32_t before = year - 1;
  *days = static_cast<int32_t>(before * 365 + before / 4 - before / 100 + before / 400 +
                               kDaysBefore[month] + (month > 2 ? leap : 0) + day - 1) -
          kDaysFrom0001To1970;
  return true;
}

inline bool ParseDate(const uint8_t* begin, const uint8_t* end, int32_t* days) {
  return end - begin == kDateBytes && ParseDate10(begin, days);
}

// HH:mm:ss[.f...] with up to nine fractional digits of which those beyond six must be 0;
// microseconds of the day.
bool ParseTime(const uint8_t* begin, const uint8_t* end, int64_t* micros);

enum class ZoneRule : uint8_t { kForbidden, kRequired, kAllowed };

// A date, or a date and a time (seconds may be missing); with a zone (Z, +hh, +hhmm, +hh:mm, at
// most 18 hours and 59 minutes) as `zone` says. Microseconds since 1970-01-01 00:00:00, in UTC when
// a zone is given; false when that is outside the years 0001 to 9999. A bare date is midnight where
// a zone is not required.
bool ParseTimestamp(const uint8_t* begin, const uint8_t* end, ZoneRule zone, int64_t* micros);

}  // namespace headrace
