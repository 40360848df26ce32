#include "source/csv/quote_check.h"

#include <algorithm>

namespace headrace {
namespace {

// Past the field that does not begin with a quote, to its delimiter or the end.
const uint8_t* SkipUnquoted(const uint8_t* at, const uint8_t* end, const Dialect& dialect) {
  while (at < end && *at != dialect.delimiter) {
    const bool takes_next = *at == dialect.escape && at + 1 < end && at[1] != '\r';
    at += takes_next ? 2 : 1;
  }
  return std::min(at, end);
}

// Past the closing quote of the field that begins at `at` with a quote; nullptr: there is none.
const uint8_t* SkipQuoted(const uint8_t* at, const uint8_t* end, const Dialect& dialect) {
  for (++at; at < end; ++at) {
    if (*at == dialect.escape) {
      ++at;
    } else if (*at == dialect.quote) {
      if (at + 1 >= end || at[1] != dialect.quote) return at + 1;
      ++at;
    }
  }
  return nullptr;
}

}  // namespace

QuoteFault FindQuoteFault(const uint8_t* begin, const uint8_t* end, const Dialect& dialect) {
  const uint8_t* at = begin;
  while (at < end) {
    if (*at == dialect.quote) {
      const uint8_t* const open = at;
      at = SkipQuoted(at, end, dialect);
      if (at == nullptr) return {open, /*is_open=*/true};
      if (at < end && *at != dialect.delimiter) return {at};
    } else {
      at = SkipUnquoted(at, end, dialect);
    }
    ++at;  // the delimiter
  }
  return {};
}

}  // namespace headrace
