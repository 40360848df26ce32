#include "sink/text/time_writer.h"

#include <chrono>

namespace headrace {
namespace {

constexpr int64_t kDayMin = -719'162;   // 0001-01-01
constexpr int64_t kDayMax = 2'932'896;  // 9999-12-31

char* PutTwo(int64_t value, char* out) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

}  // namespace

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      return 1'000'000'000;
  }
  return 1;
}

bool HasDayText(int64_t day) { return day >= kDayMin && day <= kDayMax; }

char* PutDay(int64_t day, char* out) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  const int year = static_cast<int>(date.year());
  out = PutTwo(year / 100, out);
  out = PutTwo(year % 100, out);
  *out++ = '-';
  out = PutTwo(static_cast<unsigned>(date.month()), out);
  *out++ = '-';
  return PutTwo(static_cast<unsigned>(date.day()), out);
}

char* PutClock(int64_t units, int64_t units_per_second, char* out) {
  const int64_t seconds = units / units_per_second;
  out = PutTwo(seconds / 3600, out);
  *out++ = ':';
  out = PutTwo(seconds / 60 % 60, out);
  *out++ = ':';
  out = PutTwo(seconds % 60, out);
  int64_t fraction = units % units_per_second;
  if (fraction == 0) return out;
  *out++ = '.';
  for (int64_t scale = units_per_second / 10; fraction != 0; scale /= 10) {
    *out++ = static_cast<char>('0' + fraction / scale);
    fraction %= scale;
  }
  return out;
}

DayAndClock SplitMoment(int64_t value, int64_t units_per_second) {
  const int64_t per_day = kSecondsPerDay * units_per_second;
  const int64_t day = value / per_day - (value % per_day < 0 ? 1 : 0);
  return {day, value - day * per_day};
}

}  // namespace headrace
