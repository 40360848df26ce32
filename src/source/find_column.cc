#include "source/find_column.h"

#include "base/nearest_name.h"

namespace headrace {
namespace {

constexpr ErrorCode kAmbiguousColumn = 168;

}  // namespace

Result<int> FindColumn(const std::vector<std::string>& names, const std::string& path,
                       const std::string& name, ErrorKind kind, ErrorCode code) {
  int alike = -1, count = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int>(i);
    if (!SameButForCase(names[i], name)) continue;
    alike = static_cast<int>(i);
    ++count;
  }
  if (count == 1) return alike;
  if (count > 1) {
    return MakeError(kind, kAmbiguousColumn,
                     "ambiguous column in {}: {} names match '{}' but for case; write it exactly",
                     path, count, name);
  }
  return MakeError(kind, code, "no such column in {}: '{}'{}", path, name, DidYouMean(name, names));
}

}  // namespace headrace
