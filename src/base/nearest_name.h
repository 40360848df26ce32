// "Did you mean": the candidate that is closest to a mistyped name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headrace {

// The candidate with the fewest edits (insert, delete, replace, swap neighbours; letter case is
// half an edit), the first of equals. "" when even the best needs more than half of the name's
// length (at least 1, at most 3) edits.
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

// "; did you mean 'fare'?" or "".
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

// Whether only the case of ASCII letters sets them apart, if anything does.
bool SameButForCase(std::string_view a, std::string_view b);

}  // namespace headrace
