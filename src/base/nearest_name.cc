#include "base/nearest_name.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace headrace {
namespace {

// Names longer than this are compared by their head: the table of a comparison stays small for
// hostile input.
constexpr size_t kComparedCharacters = 128;
constexpr int kEdit = 2;
constexpr int kCaseEdit = 1;

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

int ReplaceCost(char a, char b) {
  if (a == b) return 0;
  return Lower(a) == Lower(b) ? kCaseEdit : kEdit;
}

// Optimal string alignment distance, three rows of the table at a time.
int Distance(std::string_view a, std::string_view b) {
  std::vector<int> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = static_cast<int>(j) * kEdit;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i) * kEdit;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min(
          {above[j] + kEdit, row[j - 1] + kEdit, above[j - 1] + ReplaceCost(a[i - 1], b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + kEdit);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

bool SameButForCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string NearestName(std::string_view name, const std::vector<std::string>& candidates) {
  name = name.substr(0, kComparedCharacters);
  const int limit = kEdit * std::clamp(static_cast<int>(name.size()) / 2, 1, 3);
  int best = limit + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    const std::string_view head = std::string_view(candidate).substr(0, kComparedCharacters);
    const size_t gap =
        head.size() > name.size() ? head.size() - name.size() : name.size() - head.size();
    if (static_cast<int>(gap) * kEdit >= best) continue;
    // However long, a name in the wrong case is one slip.
    const int distance = SameButForCase(name, head) ? kCaseEdit : Distance(name, head);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(name, candidates);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

}  // namespace headrace
