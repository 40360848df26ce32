// Which files a filter cannot find anything in, judged by their directories alone.
#pragma once

#include <optional>
#include <string>

#include "expr/expr.h"
#include "source/hive.h"

namespace headrace {

// What a file's directory says of a column; nothing for columns that directories do not name.
std::optional<expr::ColumnBounds> HiveBounds(const HiveColumns& hive, int file,
                                             const std::string& column);

// False only when no row of the file can satisfy `predicate`.
bool DirectoryMayMatch(const expr::BoundExpr& predicate, const HiveColumns& hive, int file);

}  // namespace headrace
