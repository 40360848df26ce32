#include "cli/settings.h"

#include <charconv>

#include "headrace/text.h"

namespace headrace::cli {
namespace {

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// A list item or name in double quotes means the text between them, with doubled quotes for one.
std::string Unquoted(const std::string& text) {
  const std::string item = Trimmed(text);
  if (item.size() < 2 || item.front() != '"' || item.back() != '"') return item;
  std::string plain;
  for (size_t at = 1; at + 1 < item.size(); ++at) {
    plain += item[at];
    if (item[at] == '"') ++at;
  }
  return plain;
}

}  // namespace

arrow::Result<int64_t> ParseCount(const std::string& text, int64_t min, int64_t max) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < min || count > max) {
    return arrow::Status::Invalid("'", text, "' is no whole number from ", min, " to ", max);
  }
  return count;
}

arrow::Result<char> ParseCharacter(const std::string& text) {
  if (text == "none") return '\0';
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() == 1) return text.front();
  return arrow::Status::Invalid("'", text, "' is no single character; write one, tab or none");
}

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> items;
  std::string item;
  int parentheses = 0;
  bool quoted = false;
  for (char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == '(') ++parentheses;
    if (!quoted && c == ')') --parentheses;
    if (c == ',' && !quoted && parentheses <= 0) {
      items.push_back(Unquoted(item));
      item.clear();
    } else {
      item += c;
    }
  }
  items.push_back(Unquoted(item));
  return items;
}

arrow::Result<std::pair<std::string, std::string>> SplitPair(const std::string& text,
                                                             char separator) {
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (text[at] != separator || quoted) continue;
    auto pair = std::pair(Unquoted(text.substr(0, at)), Trimmed(text.substr(at + 1)));
    if (pair.first.empty() || pair.second.empty()) break;
    return pair;
  }
  return arrow::Status::Invalid("'", text, "' is not of the form NAME", std::string(1, separator),
                                separator == '=' ? "EXPRESSION" : "TYPE");
}

arrow::Result<size_t> ParseChoice(const std::string& text,
                                  const std::vector<std::string>& choices) {
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (text == choices[i]) return i;
    list += (i ? ", " : "") + choices[i];
  }
  return arrow::Status::Invalid("'", text, "' is none of ", list, SuggestionFor(text, choices));
}

std::vector<Step> StepsOf(const Settings& settings) {
  std::vector<Step> steps;
  if (!settings.derive.empty()) steps.push_back({DeriveStep{settings.derive}, "--derive"});
  for (const std::string& predicate : settings.where)
    steps.push_back({FilterStep{predicate}, "--where"});
  if (!settings.select.empty()) steps.push_back({SelectStep{settings.select}, "--select"});
  if (settings.limit >= 0) steps.push_back({LimitStep{settings.limit}, "--limit"});
  return steps;
}

}  // namespace headrace::cli
