#include "expr/value_text.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "expr/calendar.h"

namespace headrace::expr {
namespace {

constexpr std::array<UInt128, kMaxDecimalPrecision + 1> MakePowers() {
  std::array<UInt128, kMaxDecimalPrecision + 1> powers{};
  powers[0] = 1;
  for (int i = 1; i <= kMaxDecimalPrecision; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr auto kPowers = MakePowers();

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != lower[i]) return false;
  }
  return true;
}

template <typename T>
std::optional<T> ParseInteger(std::string_view text) {
  text = TrimBlanks(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  }
  // An unsigned type takes -0 and nothing else below zero.
  if constexpr (std::is_unsigned_v<T>) {
    if (text.size() > 1 && text.front() == '-' &&
        text.find_first_not_of('0', 1) == std::string_view::npos) {
      return T{0};
    }
  }
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
std::optional<T> ParseReal(std::string_view text) {
  text = TrimBlanks(text);
  std::string_view magnitude = text;
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) magnitude.remove_prefix(1);
  if (magnitude.empty()) return std::nullopt;
  if (!IsDigit(magnitude.front()) && magnitude.front() != '.') {
    if (EqualsIgnoringCase(magnitude, "nan")) return std::numeric_limits<T>::quiet_NaN();
    if (EqualsIgnoringCase(magnitude, "inf") || EqualsIgnoringCase(magnitude, "infinity")) {
      return negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    }
    return std::nullopt;
  }
  T value{};
  const char* end = magnitude.data() + magnitude.size();
  const auto result = fast_float::from_chars(magnitude.data(), end, value);
  // A result out of range still holds zero or infinity, which is the IEEE answer.
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return std::nullopt;
  return negative ? -value : value;
}

// Python's way of writing the shortest digits: positional between 1e-5 and 1e16, else with an exponent.
template <typename T>
void AppendReal(T value, std::string* out) {
  if (std::isnan(value)) {
    *out += "nan";
    return;
  }
  if (std::isinf(value)) {
    *out += value < 0 ? "-inf" : "inf";
    return;
  }
  const double magnitude = std::abs(static_cast<double>(value));
  char buffer[64];
  const bool positional = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value,
                                    positional ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(buffer, result.ptr - buffer);
  *out += digits;
  if (positional && digits.find('.') == std::string_view::npos) *out += ".0";
}

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
  if (hour < 0 || hour > 23 || (*text)[2] != ':' || minute < 0 || minute > 59) return std::nullopt;
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
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return std::nullopt;
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

UInt128 PowerOfTen(int exponent) { return kPowers[exponent]; }

bool FitsPrecision(Int128 value, int precision) {
  const UInt128 magnitude = value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
  return magnitude < kPowers[precision];
}

Int128 DivideByPowerOfTen(Int128 value, int digits) {
  if (digits > kMaxDecimalPrecision) return 0;
  const Int128 divisor = static_cast<Int128>(kPowers[digits]);
  const Int128 quotient = value / divisor;
  const Int128 remainder = value % divisor;
  const Int128 magnitude = remainder < 0 ? -remainder : remainder;
  if (magnitude < divisor - magnitude) return quotient;
  return digits == 0 ? quotient : quotient + (value < 0 ? -1 : 1);
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<bool> ParseBool(std::string_view text) {
  text = TrimBlanks(text);
  for (std::string_view yes : {"true", "t", "yes", "y", "1"}) {
    if (EqualsIgnoringCase(text, yes)) return true;
  }
  for (std::string_view no : {"false", "f", "no", "n", "0"}) {
    if (EqualsIgnoringCase(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<int64_t> ParseInt64(std::string_view text) { return ParseInteger<int64_t>(text); }
std::optional<uint64_t> ParseUInt64(std::string_view text) { return ParseInteger<uint64_t>(text); }
std::optional<double> ParseDouble(std::string_view text) { return ParseReal<double>(text); }
std::optional<float> ParseFloat(std::string_view text) { return ParseReal<float>(text); }

std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale) {
  text = TrimBlanks(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  // First the exponent, since it decides where the digits end up.
  int64_t exponent = 0;
  if (const size_t at = text.find_first_of("eE"); at != std::string_view::npos) {
    const std::string_view digits = text.substr(at + 1);
    if (digits.empty() || digits.size() > 6 || IsBlank(digits.front()) || IsBlank(digits.back())) return std::nullopt;
    const auto parsed = ParseInt64(digits);
    if (!parsed) return std::nullopt;
    exponent = *parsed;
    text = text.substr(0, at);
  }
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  // Place of the first digit: 10^place. Digits below 10^-scale are dropped after the one that decides the rounding.
  int64_t place = static_cast<int64_t>(whole.size()) - 1 + exponent;
  UInt128 value = 0;
  int64_t last_place = place + 1;
  bool round_up = false;
  for (const std::string_view part : {whole, fraction}) {
    for (const char c : part) {
      if (!IsDigit(c)) return std::nullopt;
      if (place >= -scale) {
        if (value >= kPowers[kMaxDecimalPrecision - 1]) return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
        last_place = place;
      } else if (place == -scale - 1) {
        round_up = c >= '5';
      }
      --place;
    }
  }
  for (; value != 0 && last_place > -scale; --last_place) {
    if (value >= kPowers[kMaxDecimalPrecision - 1]) return std::nullopt;
    value *= 10;
  }
  value += round_up;
  if (value >= kPowers[precision]) return std::nullopt;
  return negative ? -static_cast<Int128>(value) : static_cast<Int128>(value);
}

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

void AppendDouble(double value, std::string* out) { AppendReal(value, out); }
void AppendFloat(float value, std::string* out) { AppendReal(value, out); }

void AppendDecimal(Int128 value, int scale, std::string* out) {
  UInt128 magnitude = value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
  char buffer[48];
  char* const end = buffer + sizeof(buffer);
  char* at = end;
  int digits = 0;
  while (magnitude != 0 || digits <= scale) {
    if (digits == scale && scale > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
    ++digits;
  }
  if (value < 0) *--at = '-';
  out->append(at, end);
}

void AppendDate(int32_t days, std::string* out) {
  const CivilDate date = CivilFromDays(days);
  fmt::format_to(std::back_inserter(*out), "{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

void AppendTime(int64_t micros, std::string* out) {
  const int64_t seconds = micros / kMicrosPerSecond;
  fmt::format_to(std::back_inserter(*out), "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  int64_t fraction = micros % kMicrosPerSecond;
  if (fraction == 0) return;
  int width = 6;
  for (; fraction % 10 == 0; fraction /= 10) --width;
  fmt::format_to(std::back_inserter(*out), ".{:0{}}", fraction, width);
}

void AppendTimestamp(int64_t micros, std::string* out) {
  AppendDate(static_cast<int32_t>(FloorDivide(micros, kMicrosPerDay)), out);
  *out += ' ';
  AppendTime(FloorRemainder(micros, kMicrosPerDay), out);
}

}  // namespace headrace::expr
