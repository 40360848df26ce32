#include "headrace/text.h"

#include "base/nearest_name.h"
#include "base/status.h"
#include "base/units.h"

namespace headrace {

Result<int64_t> ParseSize(std::string_view text) { return ParseBytes(text); }

Status CheckMemoryText(std::string_view text) {
  return text.ends_with('%') ? ParsePercent(text).status() : ParseBytes(text).status();
}

std::string SizeText(int64_t bytes) { return FormatBytes(bytes); }
std::string DurationText(double seconds) { return FormatSeconds(seconds); }
std::string CountText(int64_t count) { return FormatCount(count); }

std::string SuggestionFor(std::string_view name, const std::vector<std::string>& candidates) {
  return DidYouMean(name, candidates);
}

std::string ErrorSnippet(const Status& status) { return GetErrorSnippet(status); }
std::string ErrorKindText(const Status& status) {
  return std::string(ErrorKindName(GetErrorKind(status)));
}

}  // namespace headrace
