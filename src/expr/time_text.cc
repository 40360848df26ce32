// The dates and times of value_text.h.
#include "base/ascii.h"
#include "expr/calendar.h"
#include "expr/value_text.h"

namespace headrace::expr {
namespace {

// Reads exactly `count` digits at `at`; -1 when there are not that many.
int FixedDigits(std::string_view text, size_t at, int count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (int i = 0; i < count; ++i) {
    const char c = text[at + i];
    if (!IsDigit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<int32_t> DateAtStart(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = FixedDigits(text, 0, 4);
  const int month = FixedDigits(text, 5, 2);
  const int day = FixedDigits(text, 8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) {
    return std::nullopt;
  }
  return static_cast<int32_t>(DaysFromCivil(year, month, day));
}

// Reads HH:mm[:ss[.fraction]] at the start of `text` and takes it off.
std::optional<int64_t> TakeTime(std::string_view* text) {
  const int hour = FixedDigits(*text, 0, 2);
  const int minute = FixedDigits(*text, 3, 2);
  if (minute < 0 || minute > 59) return std::nullopt;  // or fewer than five characters
  if (hour < 0 || hour > 23 || (*text)[2] != ':') return std::nullopt;
  text->remove_prefix(5);
  int64_t micros = (hour * 3600LL + minute * 60LL) * kMicrosPerSecond;
  if (text->empty() || text->front() != ':') return micros;
  const int second = FixedDigits(*text, 1, 2);
  if (second < 0 || second > 59) return std::nullopt;
  text->remove_prefix(3);
  micros += second * kMicrosPerSecond;
  if (text->empty() || text->front() != '.') return micros;
  text->remove_prefix(1);
  if (text->empty() || !IsDigit(text->front())) return std::nullopt;
  int64_t unit = kMicrosPerSecond / 10;
  while (!text->empty() && IsDigit(text->front())) {
    micros += (text->front() - '0') * unit;
    unit /= 10;
    text->remove_prefix(1);
  }
  return micros;
}

// Seconds east of UTC of Z, +HH, +HH:mm, +HHmm.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int hours = FixedDigits(text, 1, 2);
  int minutes = 0;
  if (text.size() == 6 && text[3] == ':') {
    minutes = FixedDigits(text, 4, 2);
  } else if (text.size() == 5) {
    minutes = FixedDigits(text, 3, 2);
  } else if (text.size() != 3) {
    return std::nullopt;
  }
  if (hours < 0 || hours > kOffsetHoursMax || minutes < 0 || minutes > 59) return std::nullopt;
  const int64_t seconds = hours * 3600LL + minutes * 60LL;
  return text[0] == '-' ? -seconds : seconds;
}

// Date and time of day; `rest` is what follows.
std::optional<int64_t> TakeTimestamp(std::string_view text, std::string_view* rest) {
  const auto days = DateAtStart(text);
  if (!days) return std::nullopt;
  text.remove_prefix(10);
  int64_t micros = 0;
  if (!text.empty() && (text.front() == ' ' || text.front() == 'T')) {
    text.remove_prefix(1);
    const auto time = TakeTime(&text);
    if (!time) return std::nullopt;
    micros = *time;
  } else if (!text.empty()) {
    return std::nullopt;
  }
  *rest = text;
  return *days * kMicrosPerDay + micros;
}

}  // namespace

std::optional<int32_t> ParseDate(std::string_view text) {
  text = TrimBlanks(text);
  return text.size() == 10 ? DateAtStart(text) : std::nullopt;
}

std::optional<int64_t> ParseTime(std::string_view text) {
  text = TrimBlanks(text);
  const auto micros = TakeTime(&text);
  return text.empty() ? micros : std::nullopt;
}

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  std::string_view rest;
  const auto micros = TakeTimestamp(TrimBlanks(text), &rest);
  return micros && rest.empty() ? micros : std::nullopt;
}

std::optional<int64_t> ParseTimestampTz(std::string_view text) {
  std::string_view rest;
  const auto micros = TakeTimestamp(TrimBlanks(text), &rest);
  if (!micros || rest.empty()) return micros;
  if (rest.front() == ' ') rest.remove_prefix(1);
  const auto offset = ParseOffset(rest);
  if (!offset) return std::nullopt;
  const int64_t utc = *micros - *offset * kMicrosPerSecond;
  return utc < kFirstMicros || utc > kLastMicros ? std::nullopt : std::optional(utc);
}

void AppendDigits(int64_t value, int width, std::string* out) {
  char buffer[20];
  char* const end = buffer + sizeof(buffer);
  char* at = end;
  uint64_t rest = value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  while (rest != 0 || end - at < width) {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  if (value < 0) *out += '-';
  out->append(at, end);
}

void AppendDate(int32_t days, std::string* out) {
  const CivilDate date = CivilFromDays(days);
  AppendDigits(date.year, 4, out);
  *out += '-';
  AppendDigits(date.month, 2, out);
  *out += '-';
  AppendDigits(date.day, 2, out);
}

void AppendTime(int64_t micros, std::string* out) {
  const int64_t seconds = micros / kMicrosPerSecond;
  AppendDigits(seconds / 3600, 2, out);
  *out += ':';
  AppendDigits(seconds / 60 % 60, 2, out);
  *out += ':';
  AppendDigits(seconds % 60, 2, out);
  int64_t fraction = micros % kMicrosPerSecond;
  if (fraction == 0) return;
  int width = 6;
  for (; fraction % 10 == 0; fraction /= 10) --width;
  *out += '.';
  AppendDigits(fraction, width, out);
}

void AppendTimestamp(int64_t micros, std::string* out) {
  AppendDate(static_cast<int32_t>(FloorDivide(micros, kMicrosPerDay)), out);
  *out += ' ';
  AppendTime(FloorRemainder(micros, kMicrosPerDay), out);
}

}  // namespace headrace::expr
