#include "source/csv/dialect.h"

#include <fmt/format.h>

namespace headrace {

std::string DescribeCharacter(int character) {
  switch (character) {
    case kNoCharacter:
      return "none";
    case '\t':
      return "'\\t'";
    case '\n':
      return "'\\n'";
    case '\r':
      return "'\\r'";
    default:
      if (character >= 0x20 && character < 0x7f)
        return fmt::format("'{}'", static_cast<char>(character));
      return fmt::format("byte 0x{:02x}", character);
  }
}

std::string DescribeDialect(const Dialect& dialect) {
  std::string text = fmt::format("delimiter {}, quote {}", DescribeCharacter(dialect.delimiter),
                                 DescribeCharacter(dialect.quote));
  if (dialect.escape != kNoCharacter) text += ", escape " + DescribeCharacter(dialect.escape);
  if (dialect.comment != kNoCharacter) text += ", comment " + DescribeCharacter(dialect.comment);
  if (dialect.newline == '\r') text += ", lines end in a lone '\\r'";
  if (dialect.skip_rows > 0) text += fmt::format(", {} lines skipped", dialect.skip_rows);
  text += dialect.header ? ", header" : ", no header";
  return text;
}

}  // namespace headrace
