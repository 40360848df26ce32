#include "source/hive_pruning.h"

namespace headrace {

std::optional<expr::ColumnBounds> HiveBounds(const HiveColumns& hive, int file,
                                             const std::string& column) {
  const int index = hive.IndexOf(column);
  if (index < 0) return std::nullopt;
  const auto& value = hive.values[file][index];
  expr::ColumnBounds bounds;
  if (value->is_valid) bounds.min = bounds.max = value;
  bounds.rows = 1;  // however many there are, all are like this one
  bounds.null_count = value->is_valid ? 0 : 1;
  return bounds;
}

bool DirectoryMayMatch(const expr::BoundExpr& predicate, const HiveColumns& hive, int file) {
  if (hive.empty()) return true;
  return expr::MayMatch(predicate,
                        [&](const std::string& column) { return HiveBounds(hive, file, column); });
}

}  // namespace headrace
