#include "expr/value_text.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/ascii.h"

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

// Python's way of writing the shortest digits: positional between 1e-5 and 1e16, else with an
// exponent.
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
  const auto result =
      std::to_chars(buffer, buffer + sizeof(buffer), value,
                    positional ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(buffer, result.ptr - buffer);
  *out += digits;
  if (positional && digits.find('.') == std::string_view::npos) *out += ".0";
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

std::string LowerAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string UpperAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
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
    if (digits.empty() || digits.size() > 6 || IsBlank(digits.front()) || IsBlank(digits.back()))
      return std::nullopt;
    const auto parsed = ParseInt64(digits);
    if (!parsed) return std::nullopt;
    exponent = *parsed;
    text = text.substr(0, at);
  }
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  // Place of the first digit: 10^place. Digits below 10^-scale are dropped after the one that
  // decides the rounding.
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

}  // namespace headrace::expr
