// Whether the quotes of one record stand where they may.
#pragma once

#include <cstdint>

#include "source/csv/dialect.h"

namespace headrace {

// The first byte that follows a closing quote and neither ends the field nor doubles the quote;
// nullptr: none. The record is that of the state machine (structure_state.cc), without its line
// end.
const uint8_t* FindTextAfterQuote(const uint8_t* begin, const uint8_t* end, const Dialect& dialect);

}  // namespace headrace
