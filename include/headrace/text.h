// Text that every front end needs: sizes, durations, "did you mean".
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace {

// "512MiB", "1.5GB", "64k": KiB/MiB/GiB are powers of 1024, kB/MB/GB powers of 1000. InvalidConfig
// otherwise.
arrow::Result<int64_t> ParseSize(std::string_view text);
// A budget: a size, or a share of the effective limit such as "25%". InvalidConfig otherwise.
arrow::Status CheckMemoryText(std::string_view text);
// "0.1%" as 0.001: more than nothing, at most all. InvalidConfig otherwise.
arrow::Result<double> ParseShare(std::string_view text);
// A duration such as "30s", "24h" or "7d" in whole seconds, rounded up. InvalidConfig otherwise.
arrow::Result<int64_t> ParseSeconds(std::string_view text);
std::string SizeText(int64_t bytes);       // "118.4 MiB"
std::string DurationText(double seconds);  // "9.1 s"
std::string CountText(int64_t count);      // "6,001,215"

// "; did you mean 'fare'?" or "".
std::string SuggestionFor(std::string_view name, const std::vector<std::string>& candidates);

// The source text of a failure with a caret below the place; "" when it has none.
std::string ErrorSnippet(const arrow::Status& status);
// "bad input": the kind in words.
std::string ErrorKindText(const arrow::Status& status);

}  // namespace headrace
