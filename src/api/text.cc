#include "headrace/text.h"

#include "base/nearest_name.h"
#include "base/status.h"
#include "base/units.h"

namespace headrace {

Result<int64_t> ParseSize(std::string_view text) { return ParseBytes(text); }

Status CheckMemoryText(std::string_view text) {
  return text.ends_with('%') ? ParsePercent(text).status() : ParseBytes(text).status();
}

Result<double> ParseShare(std::string_view text) { return ParsePercent(text); }

Result<int64_t> ParseSeconds(std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(const std::chrono::milliseconds duration, ParseDuration(text));
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
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
