#include "pipeline/read_values.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/nearest_name.h"
#include "base/units.h"

namespace headrace {
namespace {

constexpr int64_t kCountMax = int64_t{1} << 53;  // what every JSON reader takes exactly

// Whole-text number, no blanks, no sign but '-'.
template <typename Number>
bool ParseNumber(std::string_view text, Number* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

std::string Normalized(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

}  // namespace

std::string UrlScheme(std::string_view text) {
  const std::string_view scheme = text.substr(0, text.find("://"));
  if (scheme.size() == text.size()) return "";
  const bool named = std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '+' || c == '-' || c == '.';
  });
  return named ? std::string(scheme) : "";
}

Status ReadText(const YamlNode& value, const ReadContext& context, std::string* out) {
  if (value.kind != YamlNode::Kind::kScalar) {
    return ConfigError(context.file, value, 144, "here stands one text, not a list or a map");
  }
  *out = value.text;
  return Status::OK();
}

Status ReadBoolean(const YamlNode& value, const ReadContext& context, bool* out) {
  if (value.kind == YamlNode::Kind::kScalar && (value.text == "true" || value.text == "false")) {
    *out = value.text == "true";
    return Status::OK();
  }
  return ConfigError(context.file, value, 131, "here stands true or false, not '{}'", value.text);
}

Status ReadDuration(const YamlNode& value, const ReadContext& context, double* seconds) {
  if (value.kind != YamlNode::Kind::kScalar) {
    return ConfigError(context.file, value, 755, "here stands a duration such as 30s");
  }
  const auto duration = ParseDuration(value.text);
  if (!duration.ok()) return WithContext(duration.status(), PlaceOf(context.file, value));
  *seconds = static_cast<double>(duration->count()) / 1000;
  return Status::OK();
}

Status ReadCount(const YamlNode& value, const ReadContext& context, int64_t min, int64_t* out) {
  if (value.kind == YamlNode::Kind::kScalar && ParseNumber(value.text, out) && *out >= min &&
      *out <= kCountMax) {
    return Status::OK();
  }
  return ConfigError(context.file, value, 132,
                     "here stands a whole number of at least {}, not '{}'", min, value.text);
}

Status ReadBytes(const YamlNode& value, const ReadContext& context, int64_t* out) {
  if (value.kind != YamlNode::Kind::kScalar) {
    return ConfigError(context.file, value, 133, "here stands a size such as 512MiB");
  }
  auto bytes = ParseBytes(value.text);
  if (!bytes.ok()) return WithContext(bytes.status(), PlaceOf(context.file, value));
  *out = *bytes;
  return Status::OK();
}

Status ReadPercent(const YamlNode& value, const ReadContext& context, double* out) {
  if (value.kind != YamlNode::Kind::kScalar) {
    return ConfigError(context.file, value, 134, "here stands a share such as 25%");
  }
  auto share = ParsePercent(value.text);
  if (!share.ok()) return WithContext(share.status(), PlaceOf(context.file, value));
  *out = *share;
  return Status::OK();
}

Status ReadCharacter(const YamlNode& value, const ReadContext& context, char* out) {
  if (value.kind == YamlNode::Kind::kScalar) {
    if (value.text.size() == 1) {
      *out = value.text.front();
      return Status::OK();
    }
    if (value.text == "tab" || value.text == "\\t") {
      *out = '\t';
      return Status::OK();
    }
    if (value.text == "none") {
      *out = '\0';
      return Status::OK();
    }
  }
  return ConfigError(context.file, value, 135, "here stands one character, tab or none, not '{}'",
                     value.text);
}

Status ReadTextList(const YamlNode& value, const ReadContext& context,
                    std::vector<std::string>* out) {
  if (value.kind == YamlNode::Kind::kScalar) {
    *out = {value.text};
    return Status::OK();
  }
  if (value.kind != YamlNode::Kind::kSequence) {
    return ConfigError(context.file, value, 136, "here stands a list of texts");
  }
  out->clear();
  for (const YamlNode& item : value.items) {
    ARROW_RETURN_NOT_OK(ReadText(item, context, &out->emplace_back()));
  }
  return Status::OK();
}

Status ReadTextPairs(const YamlNode& value, const ReadContext& context,
                     std::vector<std::pair<std::string, std::string>>* out) {
  if (value.kind != YamlNode::Kind::kMap) {
    return ConfigError(context.file, value, 137, "here stands a map of names and texts");
  }
  for (const auto& [key, text] : value.entries) {
    if (text.kind != YamlNode::Kind::kScalar) {
      return ConfigError(context.file, key, 137,
                         "'{}' needs one text; a text with commas inside {{ }} stands in quotes",
                         key.text);
    }
    out->emplace_back(key.text, text.text);
  }
  return Status::OK();
}

Result<size_t> ReadChoice(const YamlNode& value, const ReadContext& context,
                          const std::vector<std::string>& choices) {
  for (size_t i = 0; i < choices.size(); ++i) {
    if (value.kind == YamlNode::Kind::kScalar && Normalized(value.text) == Normalized(choices[i]))
      return i;
  }
  return ConfigError(context.file, value, 138, "'{}' is none of {}{}", value.text,
                     fmt::join(choices, ", "), DidYouMean(value.text, choices));
}

}  // namespace headrace
