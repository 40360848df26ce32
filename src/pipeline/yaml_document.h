// YamlNode: a YAML file as a tree in which every node knows its place. Keys are unique, aliases are
// resolved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace headrace {

// Limits that keep hostile files harmless.
inline constexpr int64_t kPipelineFileBytesMax = 1 << 20;
inline constexpr int64_t kYamlNodesMax = 100'000;      // after aliases are expanded
inline constexpr int64_t kYamlTextBytesMax = 8 << 20;  // of all scalars, after aliases are expanded
inline constexpr int kYamlDepthMax = 32;

struct YamlEntry;

struct YamlNode {
  enum class Kind : uint8_t { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  int line = 0;                    // from 1
  int column = 0;                  // from 1
  std::string text;                // kScalar
  std::vector<YamlNode> items;     // kSequence
  std::vector<YamlEntry> entries;  // kMap, in file order; keys are scalars
};

// No std::pair: that of a type that holds it would have to be known before itself.
struct YamlEntry {
  YamlNode first;
  YamlNode second;
};

// Where a message points: "p.yaml:12:5".
std::string PlaceOf(std::string_view file, const YamlNode& node);

// InvalidConfig "p.yaml:12:5: <message>".
template <typename... Args>
Status ConfigError(std::string_view file, const YamlNode& node, ErrorCode code,
                   fmt::format_string<Args...> text, Args&&... args) {
  return MakeErrorFromMessage(
      ErrorKind::kInvalidConfig, code,
      PlaceOf(file, node) + ": " + fmt::format(text, std::forward<Args>(args)...));
}

// Parses the one document of a YAML text. InvalidConfig with file:line:column: syntax, duplicate
// keys, keys that are no plain names, tags, more than one document, limits passed.
Result<YamlNode> ParseYaml(const std::string& text, const std::string& file);

}  // namespace headrace
