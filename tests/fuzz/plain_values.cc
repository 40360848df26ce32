// Values told the plain way: nothing here shares code with the parsers that it judges.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "fuzz/value_agreement.h"

namespace headrace::fuzz {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Role: takes pieces off the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : left_(text) {}
  bool empty() const { return left_.empty(); }
  bool Take(char c) {
    if (left_.empty() || left_.front() != c) return false;
    left_.remove_prefix(1);
    return true;
  }
  bool TakeAny(std::string_view characters) {
    return std::any_of(characters.begin(), characters.end(), [&](char c) { return Take(c); });
  }
  std::string_view Digits(size_t most = std::string_view::npos) {
    size_t count = 0;
    while (count < left_.size() && count < most && IsDigit(left_[count])) ++count;
    const std::string_view digits = left_.substr(0, count);
    left_.remove_prefix(count);
    return digits;
  }
  // Exactly so many digits.
  std::optional<int> Number(size_t width) {
    const std::string_view digits = Digits(width);
    if (digits.size() != width) return std::nullopt;
    int value = 0;
    for (char c : digits) value = value * 10 + (c - '0');
    return value;
  }
  char front() const { return left_.empty() ? '\0' : left_.front(); }

 private:
  std::string_view left_;
};

std::optional<int32_t> TakeDate(Cursor* cursor) {
  const auto year = cursor->Number(4);
  if (!year || *year == 0 || !cursor->Take('-')) return std::nullopt;
  const auto month = cursor->Number(2);
  if (!month || !cursor->Take('-')) return std::nullopt;
  const auto day = cursor->Number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

// HH:mm[:ss[.f]] in microseconds.
std::optional<int64_t> TakeClock(Cursor* cursor, bool* seconds_given) {
  *seconds_given = false;
  const auto hour = cursor->Number(2);
  if (!hour || *hour > 23 || !cursor->Take(':')) return std::nullopt;
  const auto minute = cursor->Number(2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t micros = (*hour * 60 + *minute) * int64_t{60'000'000};
  if (!cursor->Take(':')) return micros;
  *seconds_given = true;
  const auto second = cursor->Number(2);
  if (!second || *second > 59) return std::nullopt;
  micros += *second * int64_t{1'000'000};
  if (!cursor->Take('.')) return micros;
  std::string fraction(cursor->Digits());
  if (fraction.empty() || fraction.size() > 9) return std::nullopt;
  fraction.resize(9, '0');
  if (fraction.substr(6) != "000") return std::nullopt;
  return micros + std::stoll(fraction.substr(0, 6));
}

// Z, +hh, +hhmm or +hh:mm in microseconds.
std::optional<int64_t> TakeZone(Cursor* cursor) {
  if (cursor->Take('Z')) return 0;
  const bool negative = cursor->front() == '-';
  if (!cursor->TakeAny("+-")) return std::nullopt;
  const auto hours = cursor->Number(2);
  if (!hours || *hours > 18) return std::nullopt;
  int minutes = 0;
  if (!cursor->empty()) {
    cursor->Take(':');
    const auto taken = cursor->Number(2);
    if (!taken || *taken > 59) return std::nullopt;
    minutes = *taken;
  }
  const int64_t offset = (*hours * 60 + minutes) * int64_t{60'000'000};
  return negative ? -offset : offset;
}

}  // namespace

std::optional<int64_t> PlainInt64(std::string_view text) {
  Cursor cursor(text);
  const bool negative = cursor.front() == '-';
  cursor.TakeAny("+-");
  const std::string_view digits = cursor.Digits();
  if (digits.empty() || digits.size() > 19 || !cursor.empty()) return std::nullopt;
  __int128 value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  if (negative) value = -value;
  if (value != static_cast<int64_t>(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::optional<double> PlainDouble(const std::string& text) {
  Cursor cursor(text);
  cursor.TakeAny("+-");
  if (IsDigit(cursor.front()) || cursor.front() == '.') {
    const bool whole = !cursor.Digits().empty();
    const bool fraction = cursor.Take('.') && !cursor.Digits().empty();
    if (!whole && !fraction) return std::nullopt;
    if (cursor.TakeAny("eE")) {
      cursor.TakeAny("+-");
      if (cursor.Digits().empty()) return std::nullopt;
    }
    if (!cursor.empty()) return std::nullopt;
    const double value = std::strtod(text.c_str(), nullptr);
    return std::isinf(value) ? std::nullopt : std::optional<double>(value);
  }
  std::string word = text.substr(!text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0);
  for (char& c : word) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (word != "inf" && word != "infinity" && word != "nan") return std::nullopt;
  return std::strtod(text.c_str(), nullptr);
}

std::optional<__int128> PlainDecimal(std::string_view text, int precision, int scale) {
  Cursor cursor(text);
  const bool negative = cursor.front() == '-';
  cursor.TakeAny("+-");
  std::string digits(cursor.Digits());
  std::string fraction;
  if (cursor.Take('.')) fraction = cursor.Digits();
  if (!cursor.empty() || digits.size() + fraction.size() == 0) return std::nullopt;
  while (fraction.size() > static_cast<size_t>(scale)) {
    if (fraction.back() != '0') return std::nullopt;
    fraction.pop_back();
  }
  fraction.resize(static_cast<size_t>(scale), '0');
  digits += fraction;
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.size() > static_cast<size_t>(precision)) return std::nullopt;
  __int128 value = 0;
  for (char c : digits) value = value * 10 + (c - '0');
  return negative ? -value : value;
}

std::optional<int32_t> PlainDate(std::string_view text) {
  Cursor cursor(text);
  const auto days = TakeDate(&cursor);
  return cursor.empty() ? days : std::nullopt;
}

std::optional<int64_t> PlainTime(std::string_view text) {
  Cursor cursor(text);
  bool seconds_given;
  const auto micros = TakeClock(&cursor, &seconds_given);
  return cursor.empty() && seconds_given ? micros : std::nullopt;
}

std::optional<int64_t> PlainTimestamp(std::string_view text, bool* zone) {
  *zone = false;
  Cursor cursor(text);
  const auto days = TakeDate(&cursor);
  if (!days) return std::nullopt;
  int64_t micros = *days * int64_t{86'400'000'000};
  if (cursor.empty()) return micros;
  if (!cursor.TakeAny(" T")) return std::nullopt;
  bool seconds_given;
  const auto clock = TakeClock(&cursor, &seconds_given);
  if (!clock) return std::nullopt;
  micros += *clock;
  if (cursor.empty()) return micros;
  *zone = true;
  cursor.Take(' ');
  const auto offset = TakeZone(&cursor);
  if (!offset || !cursor.empty()) return std::nullopt;
  micros -= *offset;
  const auto midnight = [](int year) {
    return std::chrono::sys_days(std::chrono::year(year) / 1 / 1).time_since_epoch().count() *
           int64_t{86'400'000'000};
  };
  if (micros < midnight(1) || micros >= midnight(10'000)) return std::nullopt;
  return micros;
}

}  // namespace headrace::fuzz
