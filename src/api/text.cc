#include "headrace/text.h"

#include <charconv>

#include "base/nearest_name.h"
#include "base/status.h"
#include "base/units.h"

namespace headrace {

Result<int64_t> ParseSize(std::string_view text) { return ParseBytes(text); }

Status CheckMemoryText(std::string_view text) {
  if (!text.ends_with('%')) return ParseBytes(text).status();
  double percent = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [parsed, error] = std::from_chars(text.data(), end, percent);
  if (error == std::errc() && parsed == end && percent > 0 && percent <= 100) return Status::OK();
  return MakeError(
      ErrorKind::kInvalidConfig, 110,
      "not a share of memory: '{}'; write a size such as 512MiB or a share such as 25%", text);
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
