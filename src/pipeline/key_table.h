// The tables of keys: one line per key drives both the reader and the reference in
// docs/pipeline-file.md.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "pipeline/yaml_document.h"

namespace headrace {

struct ReadContext {
  std::string file;  // as the user named it, for messages
  // For secrets; all other variables are filled in before a value is read.
  std::function<std::optional<std::string>(const std::string& name)> environment = {};
};

enum class Presence : uint8_t {
  kOptional,
  kRequired,
  kLaterVersion,  // known, but refused: this version does not have it yet
};

struct KeyDoc {
  const char* name;
  Presence presence;
  const char* type;     // "size", "list of columns"
  const char* initial;  // the default, "" = none
  const char* summary;
};

// One key of a map that fills in a T.
template <typename T>
struct Key {
  KeyDoc doc;
  Status (*read)(const YamlNode& value, const ReadContext& context, T* out);
};

template <typename T>
constexpr Key<T> LaterKey(const char* name, const char* summary) {
  return {{name, Presence::kLaterVersion, "", "", summary}, nullptr};
}

// Checks a map against a table: that it is a map, that every key is known and of this version, that
// required ones are there. Gives the table index of each entry. `section` names the map in
// messages: "sink".
Result<std::vector<size_t>> MatchKeys(const YamlNode& map, std::string_view section,
                                      std::span<const KeyDoc> table, const ReadContext& context);

template <typename T, size_t N>
std::vector<KeyDoc> DocsOf(const Key<T> (&table)[N]) {
  std::vector<KeyDoc> docs;
  for (const Key<T>& key : table) docs.push_back(key.doc);
  return docs;
}

template <typename T, size_t N>
Status ReadMap(const YamlNode& map, std::string_view section, const Key<T> (&table)[N],
               const ReadContext& context, T* out) {
  ARROW_ASSIGN_OR_RAISE(auto matches, MatchKeys(map, section, DocsOf(table), context));
  for (size_t i = 0; i < matches.size(); ++i) {
    ARROW_RETURN_NOT_OK(table[matches[i]].read(map.entries[i].second, context, out));
  }
  return Status::OK();
}

// The value of `key` in a map, or the map itself when the key is not there: a place for messages.
const YamlNode& ValueOrMap(const YamlNode& map, std::string_view key);

// A section of the reference page, in page order.
struct SectionDoc {
  std::string title;
  std::string introduction;
  std::vector<KeyDoc> keys;
};

// "pipeline", "sources", ...: one function per table, defined where the table is.
SectionDoc PipelineSection();
SectionDoc ResourcesSection();
SectionDoc MemorySection();
SectionDoc SpillSection();
SectionDoc StreamingSection();
SectionDoc SourceSection();
SectionDoc CsvSection();
SectionDoc StepsSection();
SectionDoc SinkSection();
SectionDoc ParquetSection();
SectionDoc OnErrorSection();
SectionDoc AlertsSection();
SectionDoc WebhookSection();

// The reference part of docs/pipeline-file.md.
std::string PipelineReferenceMarkdown();

}  // namespace headrace
