#include "source/record_places.h"

namespace headrace {

Status PlaceNameIsTaken(const std::string& name, const std::string& path) {
  return MakeError(ErrorKind::kInvalidConfig, 173,
                   "a column of this name is there already; give --line-column or "
                   "--offset-column another name: '{}' in {}",
                   name, path);
}

Status PlaceHasItsType(const std::string& name) {
  return MakeError(ErrorKind::kInvalidConfig, 173,
                   "lines and offsets are int64; leave the column out of --types: '{}'", name);
}

}  // namespace headrace
