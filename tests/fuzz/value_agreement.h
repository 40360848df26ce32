// The parsers of values, fast and slow, against plain ones written another way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::fuzz {

// What a text means, told the plain way: with strtod, std::chrono and digits one by one. Nothing
// where the text is no value of that type.
std::optional<int64_t> PlainInt64(std::string_view text);
std::optional<double> PlainDouble(const std::string& text);
std::optional<__int128> PlainDecimal(std::string_view text, int precision, int scale);
std::optional<int32_t> PlainDate(std::string_view text);
std::optional<int64_t> PlainTime(std::string_view text);
// `zone`: whether the text names one.
std::optional<int64_t> PlainTimestamp(std::string_view text, bool* zone);

// Role: one text through every parser; texts that are values are kept and, some thousands at a
// time, read as a column of a file, so that the loops over columns meet them too. Threads: one.
class ValueAgreement {
 public:
  // Empty when all agree, else who differs and how.
  std::string Check(const std::string& text);

  int64_t checked() const { return checked_; }
  int64_t values() const { return values_; }  // texts that were a value of some type

 private:
  std::string CheckNumbers(const std::string& text, const uint8_t* begin, const uint8_t* end);
  std::string CheckTimes(const std::string& text, const uint8_t* begin, const uint8_t* end);
  std::string ReadColumns();

  struct Column {
    const char* type;
    std::vector<std::string> texts = {};
    std::string expected = {};  // the values' bytes
  };
  template <typename T>
  void Keep(Column* column, const std::string& text, T value);

  Column int64_{"int64"};
  Column double_{"double"};
  Column decimal_{"decimal(18,4)"};
  Column date_{"date"};
  Column timestamp_{"timestamp"};
  Column timestamptz_{"timestamptz"};
  std::string padded_;
  int64_t checked_ = 0;
  int64_t values_ = 0;
};

}  // namespace headrace::fuzz
