// Lists, structs, maps and dictionaries as JSON.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sink/text/column_text.h"

namespace headrace {

// Lists are arrays, structs are objects with every field, maps are arrays of objects of a key and
// a value, so that any type of key and any order comes back. Dictionaries and extensions are their
// values. Errors: Internal for a type that CheckTextColumns refuses.
Result<std::unique_ptr<ColumnText>> MakeNestedText(const arrow::Array& values,
                                                   const TextStyle& style);

// What stands before each value of an object: {"a": and ,"b": without the brace.
Result<std::vector<std::string>> JsonKeys(const arrow::FieldVector& fields);

}  // namespace headrace
