// Dates and times as text, written in place.
#pragma once

#include <arrow/type.h>

#include <cstdint>

#include "base/status.h"

namespace headrace {

// Most bytes that one of these writes: "2024-02-29 13:05:00.123456789Z".
inline constexpr int64_t kTimeTextBytesMax = 32;

inline constexpr int64_t kSecondsPerDay = 86'400;

int64_t UnitsPerSecond(arrow::TimeUnit::type unit);

// Whether a day since 1970-01-01 lies in the years 0001 to 9999, the only ones with a text.
bool HasDayText(int64_t day);

// All return the end of what they wrote. "2024-02-29":
char* PutDay(int64_t day, char* out);
// "13:05:00.25": `units` since midnight; a fraction only where there is one, without trailing
// zeros.
char* PutClock(int64_t units, int64_t units_per_second, char* out);

// The day of a moment, and the units since its midnight.
struct DayAndClock {
  int64_t day = 0;
  int64_t units = 0;
};
DayAndClock SplitMoment(int64_t value, int64_t units_per_second);

}  // namespace headrace
