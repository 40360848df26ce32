// Variables inside the strings of a pipeline file.
//
//   ${X}           environment variable X; an error when unset      ${X:-text}   text when X is
//   unset or empty
//   ${X:?message}  the message as the error when unset or empty     ${vars.x}    an entry of the
//   file's vars   $$  a dollar
// Any other $ stands for itself. They work on strings after the file is parsed, so a value never
// becomes YAML structure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/status.h"
#include "pipeline/yaml_document.h"

namespace headrace {

using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

// Role: expands strings. Owner: the reader of one file. Threads: one.
// Errors: InvalidConfig at the node's place; messages never contain a variable's value.
class VariableExpander {
 public:
  VariableExpander(std::string file, EnvironmentLookup environment);

  // Reads the `vars` map; an entry may use those above it.
  Status DefineVars(const YamlNode& vars);
  // Expands every scalar value below `node`; keys stay as they are.
  Status ExpandTree(YamlNode* node) const;

 private:
  Result<std::string> Expand(std::string_view text, const YamlNode& node, int depth) const;
  Result<std::string> ExpandReference(std::string_view reference, const YamlNode& node,
                                      int depth) const;

  const std::string file_;
  const EnvironmentLookup environment_;
  std::map<std::string, std::string> vars_;
};

}  // namespace headrace
