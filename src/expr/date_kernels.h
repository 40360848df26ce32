// Kernels on dates, timestamps and times. All of them count in the proleptic Gregorian calendar, in
// UTC.
#pragma once

#include <optional>
#include <string_view>

#include "expr/kernel.h"

namespace headrace::expr {

enum class TimeUnit : uint8_t {
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond
};
// By name in any case; nullopt for others.
std::optional<TimeUnit> ParseTimeUnit(std::string_view name);

enum class DatePart : uint8_t {
  kYear,
  kQuarter,
  kMonth,
  kDay,
  kDayOfWeek,
  kDayOfYear,
  kWeek,
  kIsoYear,
  kHour,
  kMinute,
  kSecond
};

// int32 from a date, timestamp or time.
Kernel DatePartKernel(DatePart part);
// Start of the unit a date or timestamp lies in, as the same type. Weeks start on Monday.
Kernel TruncateKernel(TimeUnit unit, const TypePtr& type);

// (date, int64 days) -> date, the days times `sign`. A result outside the years 0001 to 9999 is an
// error, here and below.
Kernel AddDaysKernel(int sign);
// (date, date) -> int32, first minus second.
Kernel DaysBetweenKernel();
// (date or timestamp, int64 months) -> the same type, clipped to the end of the month.
Kernel AddMonthsKernel(const TypePtr& type);
// (timestamp, int64 count of `micros`) -> timestamp.
Kernel AddMicrosKernel(const TypePtr& type, int64_t micros);
// date -> date.
Kernel LastDayKernel();
// (int64 year, int64 month, int64 day) -> date.
Kernel MakeDateKernel();
// timestamp -> int64 seconds, rounded down.
Kernel EpochSecondsKernel();
// int64 -> timestamp.
Kernel TimestampFromKernel(int64_t micros_per_unit);

}  // namespace headrace::expr
