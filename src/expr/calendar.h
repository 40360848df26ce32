// Proleptic Gregorian calendar arithmetic on days and microseconds since 1970-01-01.
#pragma once

#include <cstdint>

namespace headrace::expr {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kSecondsPerDay = 86'400;
inline constexpr int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
// Dates and timestamps span the years 0001 to 9999.
inline constexpr int64_t kFirstDay = -719162;  // 0001-01-01
inline constexpr int64_t kLastDay = 2932896;   // 9999-12-31
inline constexpr int64_t kFirstMicros = kFirstDay * kMicrosPerDay;
inline constexpr int64_t kLastMicros = (kLastDay + 1) * kMicrosPerDay - 1;

// Hours of an offset from UTC, as in +14:00: at most these, and their 59 minutes.
inline constexpr int kOffsetHoursMax = 18;

struct CivilDate {
  int64_t year;
  int month;  // 1..12
  int day;    // 1..31
};

// Euclidean affine functions (Neri and Schneider, 2022): days are counted in 400-year eras that
// start on 1 March.
constexpr int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

constexpr CivilDate CivilFromDays(int64_t days) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const uint32_t day_of_era = static_cast<uint32_t>(days - era * 146097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  const int day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  return {static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2), month, day};
}

constexpr bool IsLeapYear(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

constexpr int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0);
}
constexpr int64_t FloorRemainder(int64_t value, int64_t divisor) {
  const int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

// ISO 8601: Monday = 1 .. Sunday = 7 (1970-01-01 was a Thursday).
constexpr int IsoDayOfWeek(int64_t days) {
  return static_cast<int>(FloorRemainder(days + 3, 7)) + 1;
}

// Adds months and clips the day to the end of the month reached.
constexpr int64_t AddMonths(int64_t days, int64_t months) {
  const CivilDate date = CivilFromDays(days);
  const int64_t month_index = date.year * 12 + (date.month - 1) + months;
  const int64_t year = FloorDivide(month_index, 12);
  const int month = static_cast<int>(FloorRemainder(month_index, 12)) + 1;
  const int last = DaysInMonth(year, month);
  return DaysFromCivil(year, month, date.day < last ? date.day : last);
}

}  // namespace headrace::expr
