// The value of a field that holds doubled quotes or escapes.
#pragma once

#include <cstdint>

#include "source/csv/dialect.h"
#include "source/csv/field_cursor.h"

namespace headrace {

// Writes the value of `field` (without surrounding quotes) to `out`; returns the end. With an
// escape character, it stands for the byte after it; without one, two quotes stand for one, and one
// alone for itself. Never longer than the field.
uint8_t* UnescapeField(FieldText field, const Dialect& dialect, uint8_t* out);

}  // namespace headrace
