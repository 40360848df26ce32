// Tokens of expression text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace headrace::expr {

enum class TokenKind : uint8_t {
  kEnd,
  kInteger,           // 12
  kDecimal,           // 1.5 .5 1.
  kReal,              // 1e3 1.5E-3
  kString,            // 'text'; text = content with '' undoubled
  kIdentifier,        // text as written
  kQuotedIdentifier,  // "x" or `x`; text = content
  kSymbol,            // operators and punctuation
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::string upper;  // of identifiers: for keyword tests; empty when quoted
  int64_t begin = 0;
  int64_t end = 0;
};

// The whole text as tokens, kEnd last. Syntax errors: quotes never closed, characters that start
// nothing, numbers run together with letters, bytes that are not UTF-8.
Result<std::vector<Token>> Tokenize(std::string_view text);

// Words that cannot name a column or function without quotes.
bool IsReservedWord(std::string_view upper);
// True when `name` reads back as one bare identifier.
bool IsBareIdentifier(std::string_view name);

}  // namespace headrace::expr
