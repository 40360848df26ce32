// Values as text and back, by CAST's rules. Used by literals, casts, messages, and by readers of
// text formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace headrace::expr {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

inline constexpr int kMaxDecimalPrecision = 38;
// 10^exponent for 0 <= exponent <= 38.
UInt128 PowerOfTen(int exponent);
// |value| < 10^precision.
bool FitsPrecision(Int128 value, int precision);
// Divides by 10^digits, half away from zero; digits >= 0, above 38 gives 0.
Int128 DivideByPowerOfTen(Int128 value, int digits);

// Letters A to Z alone change case: for keywords, type and unit names.
std::string LowerAscii(std::string_view text);
std::string UpperAscii(std::string_view text);

// ASCII blanks (space, \t \n \v \f \r) on both ends.
std::string_view TrimBlanks(std::string_view text);

// All parsers take the whole text, blanks around it allowed, and give nullopt when it is not such a
// value.
std::optional<bool> ParseBool(std::string_view text);
std::optional<int64_t> ParseInt64(std::string_view text);
std::optional<uint64_t> ParseUInt64(std::string_view text);
// Correctly rounded; inf, infinity and nan in any case; values too large become infinity, as in
// IEEE parsing.
std::optional<double> ParseDouble(std::string_view text);
std::optional<float> ParseFloat(std::string_view text);
// Digits with an optional fraction and exponent, rounded half away from zero to `scale`; nullopt
// also when the value needs more than `precision` digits.
std::optional<Int128> ParseDecimal(std::string_view text, int precision, int scale);
// yyyy-MM-dd, years 0001 to 9999.
std::optional<int32_t> ParseDate(std::string_view text);
// HH:mm[:ss[.fraction]], microseconds of the day.
std::optional<int64_t> ParseTime(std::string_view text);
// yyyy-MM-dd[( |T)HH:mm[:ss[.fraction]]]; digits beyond microseconds are dropped. An offset in the
// text is an error.
std::optional<int64_t> ParseTimestamp(std::string_view text);
// The same with an optional offset Z, +HH, +HH:mm or +HHmm; UTC without one. Nothing for an offset
// above 18:59 or a moment outside the years 0001 to 9999.
std::optional<int64_t> ParseTimestampTz(std::string_view text);

// Shortest text that reads back as the same value: 3.0, 0.1, 1e+16, nan, -inf.
void AppendDouble(double value, std::string* out);
void AppendFloat(float value, std::string* out);
void AppendDecimal(Int128 value, int scale, std::string* out);
// With leading zeros up to `width` digits, at most 19.
void AppendDigits(int64_t value, int width, std::string* out);
void AppendDate(int32_t days, std::string* out);
void AppendTime(int64_t micros, std::string* out);
// yyyy-MM-dd HH:mm:ss, with a fraction only if there is one, without trailing zeros.
void AppendTimestamp(int64_t micros, std::string* out);

}  // namespace headrace::expr
