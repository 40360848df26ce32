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
  uint16_t century_bytes;
  std::memcpy(&century_bytes, text, sizeof(century_bytes));
  const uint32_t century_digits = century_bytes ^ 0x3030u;
  const uint64_t rest = LoadWord(text + 2) ^ 0x30302d30302d3030ULL;  // yy-MM-dd
  if ((((century_digits + 0x7676u) | century_digits) & 0x8080u) != 0 ||
      (((rest + 0x76767f76767f7676ULL) | rest) & 0x8080808080808080ULL) != 0)
    return false;
  const uint32_t century = (century_digits & 0xff) * 10 + (century_digits >> 8);
  const uint64_t pairs = rest * 10 + (rest >> 8);  // yy, MM and dd in bytes 0, 3 and 6
  const uint32_t year_of_century = pairs & 0xff;
  const uint32_t month = pairs >> 24 & 0xff;
  const uint32_t day = pairs >> 48 & 0xff;
  const uint32_t year = century * 100 + year_of_century;
  const uint32_t leap = (year_of_century != 0 ? year_of_century : century) % 4 == 0 ? 1 : 0;
  static constexpr uint16_t kDaysBefore[2][16] = {
      {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 0, 0, 0},
      {0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 0, 0, 0}};
  static constexpr uint8_t kDaysIn[2][16] = {
      {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0},
      {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0}};
  if (month > 12 || year == 0 || day == 0 || day > kDaysIn[leap][month]) return false;
  constexpr int32_t kDaysFrom0001To1970 = 719162;
  const uint32_t before = year - 1;
  const uint32_t centuries = century - (year_of_century == 0 ? 1 : 0);  // whole ones in `before`
  *days = static_cast<int32_t>(before * 365 + before / 4 - centuries + centuries / 4 +
                               kDaysBefore[leap][month] + day - 1) -
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
