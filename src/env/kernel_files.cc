#include "env/kernel_files.h"

#include <charconv>

#include "env/file_descriptor.h"

namespace headrace {

std::optional<std::string> ReadKernelFile(const std::string& path) {
  FileDescriptor descriptor = OpenDescriptor(path.c_str(), O_RDONLY);
  if (!descriptor.is_open()) return std::nullopt;
  std::string text;
  char chunk[4096];
  while (true) {
    const ssize_t count =
        RetryInterrupted([&] { return ::read(descriptor.get(), chunk, sizeof(chunk)); });
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(chunk, static_cast<size_t>(count));
  }
}

std::vector<std::string_view> SplitFields(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  while (true) {
    const size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (const std::string_view line : SplitFields(text, '\n')) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::optional<int64_t> ParseKernelNumber(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int64_t FindKibibyteLine(std::string_view text, std::string_view key) {
  constexpr std::string_view kUnit = " kB";
  for (std::string_view line : SplitLines(text)) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ':') continue;
    line.remove_prefix(key.size() + 1);
    if (line.ends_with(kUnit)) line.remove_suffix(kUnit.size());
    return ParseKernelNumber(line).value_or(0) * 1024;
  }
  return 0;
}

}  // namespace headrace
