#include "source/csv/time_text.h"

#include <initializer_list>

namespace headrace {
namespace {

// Two digits below `limit` at `p`.
bool ParsePair(const uint8_t* p, int limit, int64_t* value) {
  const unsigned tens = p[0] - unsigned{'0'};
  const unsigned ones = p[1] - unsigned{'0'};
  if (tens > 9 || ones > 9) return false;
  *value = tens * 10 + ones;
  return *value < limit;
}

// The fraction after the dot, up to `end`.
bool ParseFraction(const uint8_t* p, const uint8_t* end, int64_t* micros) {
  if (p == end || end - p > 9) return false;
  int64_t unit = 100'000;
  *micros = 0;
  for (; p != end; ++p) {
    const unsigned digit = *p - unsigned{'0'};
    if (digit > 9 || (unit == 0 && digit != 0)) return false;
    *micros += digit * unit;
    unit /= 10;
  }
  return true;
}

// HH:mm[:ss[.f]] up to `end`.
bool ParseClock(const uint8_t* p, const uint8_t* end, int64_t* micros) {
  int64_t hour, minute, second = 0, fraction = 0;
  if (end - p < 5 || !ParsePair(p, 24, &hour) || p[2] != ':' || !ParsePair(p + 3, 60, &minute))
    return false;
  p += 5;
  if (p != end) {
    if (end - p < 3 || p[0] != ':' || !ParsePair(p + 1, 60, &second)) return false;
    p += 3;
    if (p != end && (*p != '.' || !ParseFraction(p + 1, end, &fraction))) return false;
  }
  *micros = (hour * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

// Where the zone starts in a time that ends at `end`, and its offset; `end` itself when there is
// none.
const uint8_t* FindZone(const uint8_t* begin, const uint8_t* end, int64_t* offset_micros) {
  *offset_micros = 0;
  if (end != begin && end[-1] == 'Z') return end - 1;
  for (int64_t width : {3, 5, 6}) {  // +hh +hhmm +hh:mm
    const uint8_t* zone = end - width;
    if (zone < begin || (*zone != '+' && *zone != '-')) continue;
    int64_t hours, minutes = 0;
    if (!ParsePair(zone + 1, expr::kOffsetHoursMax + 1, &hours)) return end;
    if (width == 5 && !ParsePair(zone + 3, 60, &minutes)) return end;
    if (width == 6 && (zone[3] != ':' || !ParsePair(zone + 4, 60, &minutes))) return end;
    *offset_micros = (hours * 60 + minutes) * 60 * kMicrosPerSecond * (*zone == '-' ? -1 : 1);
    return zone;
  }
  return end;
}

}  // namespace

bool ParseTime(const uint8_t* begin, const uint8_t* end, int64_t* micros) {
  return end - begin >= 8 && ParseClock(begin, end, micros);
}

bool ParseTimestamp(const uint8_t* begin, const uint8_t* end, ZoneRule zone, int64_t* micros) {
  int32_t days;
  if (end - begin < kDateBytes || !ParseDate10(begin, &days)) return false;
  const uint8_t* clock = begin + kDateBytes;
  *micros = days * kMicrosPerDay;
  if (clock == end) return zone != ZoneRule::kRequired;
  if (*clock != ' ' && *clock != 'T') return false;
  ++clock;
  int64_t offset = 0;
  const uint8_t* clock_end = FindZone(clock, end, &offset);
  if (clock_end == end && zone == ZoneRule::kRequired) return false;
  if (clock_end != end) {
    if (zone == ZoneRule::kForbidden) return false;
    if (clock_end != clock && clock_end[-1] == ' ') --clock_end;  // "10:00:00 +01:00"
  }
  int64_t time;
  if (!ParseClock(clock, clock_end, &time)) return false;
  *micros += time - offset;
  return offset == 0 || (*micros >= expr::kFirstMicros && *micros <= expr::kLastMicros);
}

}  // namespace headrace
