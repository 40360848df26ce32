// Columns that hold where the records of text stand.
#pragma once

#include <string>

#include "base/status.h"

namespace headrace {

// Their names; "" = not wanted.
struct RecordPlaceColumns {
  std::string line;
  std::string offset;
};

// InvalidConfig for a name that a column of the input has.
Status PlaceNameIsTaken(const std::string& name, const std::string& path);
// InvalidConfig for a type that is given to such a column.
Status PlaceHasItsType(const std::string& name);

}  // namespace headrace
