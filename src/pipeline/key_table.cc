#include "pipeline/key_table.h"

#include <algorithm>

#include "base/nearest_name.h"

namespace headrace {
namespace {

std::vector<std::string> UsableNames(std::span<const KeyDoc> table) {
  std::vector<std::string> names;
  for (const KeyDoc& key : table) {
    if (key.presence != Presence::kLaterVersion) names.emplace_back(key.name);
  }
  return names;
}

std::string_view TypeOrNothing(const KeyDoc& key) {
  return key.presence == Presence::kRequired ? "required" : key.initial;
}

void AppendKeys(const SectionDoc& section, std::string* page) {
  *page += "| key | value | default | meaning |\n|---|---|---|---|\n";
  std::string later;
  for (const KeyDoc& key : section.keys) {
    if (key.presence == Presence::kLaterVersion) {
      later += fmt::format("{}`{}`", later.empty() ? "" : ", ", key.name);
      continue;
    }
    *page += fmt::format("| `{}` | {} | {} | {} |\n", key.name, key.type, TypeOrNothing(key),
                         key.summary);
  }
  if (!later.empty())
    *page += fmt::format("\nRefused until a later version has them: {}.\n", later);
}

}  // namespace

Result<std::vector<size_t>> MatchKeys(const YamlNode& map, std::string_view section,
                                      std::span<const KeyDoc> table, const ReadContext& context) {
  if (map.kind != YamlNode::Kind::kMap) {
    return ConfigError(context.file, map, 117, "{} must be a map of keys and values", section);
  }
  std::vector<size_t> matches;
  for (const auto& [key, value] : map.entries) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const KeyDoc& doc) { return doc.name == key.text; });
    if (found == table.end()) {
      std::string names;
      for (const std::string& name : UsableNames(table))
        names += (names.empty() ? "" : ", ") + name;
      return ConfigError(context.file, key, 118, "unknown key '{}' in {}{}; keys are: {}", key.text,
                         section, DidYouMean(key.text, UsableNames(table)), names);
    }
    if (found->presence == Presence::kLaterVersion) {
      return ConfigError(context.file, key, 119,
                         "'{}' in {} is not available in this version ({}); remove it", key.text,
                         section, found->summary);
    }
    if (value.kind == YamlNode::Kind::kNull) {
      return ConfigError(context.file, key, 117, "key '{}' in {} has no value", key.text, section);
    }
    matches.push_back(static_cast<size_t>(found - table.begin()));
  }
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].presence != Presence::kRequired) continue;
    if (std::find(matches.begin(), matches.end(), i) == matches.end()) {
      return ConfigError(context.file, map, 117, "{} needs the key '{}'", section, table[i].name);
    }
  }
  return matches;
}

const YamlNode& ValueOrMap(const YamlNode& map, std::string_view key) {
  for (const auto& [name, value] : map.entries) {
    if (name.text == key) return value;
  }
  return map;
}

std::string PipelineReferenceMarkdown() {
  std::string page;
  for (const SectionDoc& section :
       {PipelineSection(), ResourcesSection(), MemorySection(), SpillSection(), StreamingSection(),
        SourceSection(), CsvSection(), StepsSection(), SinkSection(), ParquetSection(),
        OnErrorSection(), AlertsSection(), WebhookSection()}) {
    page += fmt::format("### {}\n\n{}\n\n", section.title, section.introduction);
    AppendKeys(section, &page);
    page += "\n";
  }
  return page;
}

}  // namespace headrace
