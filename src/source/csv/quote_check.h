// Whether the quotes of one record stand where they may.
#pragma once

#include <cstdint>

#include "source/csv/dialect.h"

namespace headrace {

struct QuoteFault {
  const uint8_t* at = nullptr;  // nullptr: none
  // The quote at `at` is open when the record ends; else `at` follows a closing quote and neither
  // ends the field nor doubles the quote.
  bool is_open = false;
};

// The first one. The record is that of the state machine (structure_state.cc), without its line
// end.
QuoteFault FindQuoteFault(const uint8_t* begin, const uint8_t* end, const Dialect& dialect);

}  // namespace headrace
