// Reading the small text files of /proc and of cgroups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headrace {

// The whole text; nullopt when the file is missing or cannot be read, which is an answer, not a
// failure, here.
std::optional<std::string> ReadKernelFile(const std::string& path);

// Lines without their newlines, empty ones left out.
std::vector<std::string_view> SplitLines(std::string_view text);
std::vector<std::string_view> SplitFields(std::string_view line, char separator);

// A whole decimal number with nothing but blanks around it; nullopt otherwise ("max").
std::optional<int64_t> ParseKernelNumber(std::string_view text);

// The bytes of a line like "VmRSS:     1234 kB"; 0 when there is none.
int64_t FindKibibyteLine(std::string_view text, std::string_view key);

}  // namespace headrace
