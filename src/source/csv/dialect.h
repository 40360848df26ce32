// Dialect: how a delimited text is written.
#pragma once

#include <cstdint>
#include <string>

namespace headrace {

inline constexpr int kNoCharacter = -1;

struct Dialect {
  uint8_t delimiter = ',';
  int quote = '"';  // kNoCharacter = nothing is quoted
  int escape =
      kNoCharacter;  // kNoCharacter = a quote inside quotes is doubled; else this precedes it
  int comment = kNoCharacter;  // a record that starts with it is skipped
  uint8_t newline = '\n';  // '\r' for text with lone carriage returns; "\r\n" is covered by '\n'
  bool header = true;
  int64_t skip_rows = 0;  // physical lines before the header

  // Quote parity alone says where fields end. False: escapes or comments can hide quotes from it.
  bool parity_decides() const { return escape == kNoCharacter && comment == kNoCharacter; }
};

// "delimiter ',' quote '\"' header yes ..." for evidence lines.
std::string DescribeDialect(const Dialect& dialect);
// A character as people write it: ',' or '\t' or none.
std::string DescribeCharacter(int character);

}  // namespace headrace
