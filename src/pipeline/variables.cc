#include "pipeline/variables.h"

#include <algorithm>
#include <cctype>

#include "base/nearest_name.h"

namespace headrace {
namespace {

constexpr int kDefaultsNestedMax = 8;
constexpr size_t kExpandedBytesMax = 1 << 20;
constexpr std::string_view kVarsPrefix = "vars.";

bool IsName(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

// Position of the brace that closes the reference whose text starts at `begin`; npos when there is
// none.
size_t FindClosingBrace(std::string_view text, size_t begin) {
  int open = 1;
  for (size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '}' && --open == 0) return at;
    if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') {
      ++open;
      ++at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

VariableExpander::VariableExpander(std::string file, EnvironmentLookup environment)
    : file_(std::move(file)), environment_(std::move(environment)) {}

Status VariableExpander::DefineVars(const YamlNode& vars) {
  if (vars.kind != YamlNode::Kind::kMap) {
    return ConfigError(file_, vars, 120, "vars must be a map of names and texts");
  }
  for (const auto& [key, value] : vars.entries) {
    if (!IsName(key.text)) {
      return ConfigError(file_, key, 121,
                         "'{}' cannot name a variable; use letters, digits and underscores",
                         key.text);
    }
    if (value.kind != YamlNode::Kind::kScalar) {
      return ConfigError(file_, value, 120, "variable '{}' must be a text or a number", key.text);
    }
    ARROW_ASSIGN_OR_RAISE(vars_[key.text], Expand(value.text, value, 0));
  }
  return Status::OK();
}

Status VariableExpander::ExpandTree(YamlNode* node) const {
  if (node->kind == YamlNode::Kind::kScalar && node->text.find('$') != std::string::npos) {
    ARROW_ASSIGN_OR_RAISE(node->text, Expand(node->text, *node, 0));
  }
  for (YamlNode& item : node->items) ARROW_RETURN_NOT_OK(ExpandTree(&item));
  for (auto& [key, value] : node->entries) ARROW_RETURN_NOT_OK(ExpandTree(&value));
  return Status::OK();
}

Result<std::string> VariableExpander::Expand(std::string_view text, const YamlNode& node,
                                             int depth) const {
  if (depth > kDefaultsNestedMax) {
    return ConfigError(file_, node, 122, "defaults of variables are nested deeper than {} levels",
                       kDefaultsNestedMax);
  }
  std::string expanded;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool dollar_pair = text[at] == '$' && at + 1 < text.size();
    if (dollar_pair && text[at + 1] == '$') {
      expanded += '$';
      ++at;
    } else if (dollar_pair && text[at + 1] == '{') {
      const size_t close = FindClosingBrace(text, at + 2);
      if (close == std::string_view::npos) {
        return ConfigError(file_, node, 122,
                           "'${{' is never closed by '}}'; write $$ for a dollar sign");
      }
      ARROW_ASSIGN_OR_RAISE(std::string value,
                            ExpandReference(text.substr(at + 2, close - at - 2), node, depth));
      expanded += value;
      at = close;
    } else {
      expanded += text[at];
    }
    if (expanded.size() > kExpandedBytesMax) {
      return ConfigError(file_, node, 122,
                         "the text is longer than {} bytes once its variables are filled in",
                         kExpandedBytesMax);
    }
  }
  return expanded;
}

Result<std::string> VariableExpander::ExpandReference(std::string_view reference,
                                                      const YamlNode& node, int depth) const {
  const size_t colon = reference.find(':');
  const std::string name(reference.substr(0, colon));
  const std::string_view rest = colon == std::string_view::npos ? "" : reference.substr(colon);
  const bool has_default = rest.starts_with(":-");
  const bool has_message = rest.starts_with(":?");
  const bool from_vars = name.starts_with(kVarsPrefix);
  const std::string plain_name = from_vars ? name.substr(kVarsPrefix.size()) : name;
  if (!IsName(plain_name) || (!rest.empty() && !has_default && !has_message)) {
    return ConfigError(
        file_, node, 122,
        "'${{{}}}' is no variable; write ${{NAME}}, ${{NAME:-default}}, ${{NAME:?message}} or "
        "${{vars.name}}, and $$ for a dollar sign",
        reference);
  }
  std::optional<std::string> value;
  if (from_vars) {
    const auto found = vars_.find(plain_name);
    if (found != vars_.end()) value = found->second;
  } else {
    value = environment_(plain_name);
  }
  if (value && (!value->empty() || rest.empty())) return *value;
  if (has_default) return Expand(rest.substr(2), node, depth + 1);
  if (has_message && rest.size() > 2) {
    return ConfigError(file_, node, 123, "variable {} is not set: {}", name, rest.substr(2));
  }
  if (from_vars) {
    std::vector<std::string> known;
    for (const auto& [var, text] : vars_) known.push_back(var);
    return ConfigError(file_, node, 123, "vars has no '{}'{}", plain_name,
                       DidYouMean(plain_name, known));
  }
  return ConfigError(file_, node, 123,
                     "environment variable {} is not set; set it, or write ${{{}:-default}}", name,
                     name);
}

}  // namespace headrace
