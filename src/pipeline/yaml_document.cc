#include "pipeline/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_map>

namespace headrace {
namespace {

// Thrown to leave the parser at the first error of ours; never passes ParseYaml.
struct StopParsing {
  Status status;
};

// Role: builds the tree from the parser's events. Used once, by one thread. Errors: StopParsing.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string file) : file_(std::move(file)) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(NodeAt(mark, YamlNode::Kind::kNull), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?" || tag.empty();
    if (!plain && tag != "!") RefuseTag(mark, tag);
    const bool null = plain && (value.empty() || value == "~" || value == "null");
    YamlNode node = NodeAt(mark, null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar);
    if (!null) node.text = value;
    Add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { Close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto anchored = anchors_.find(anchor);
    const YamlNode here = NodeAt(mark, YamlNode::Kind::kNull);
    if (anchored == anchors_.end()) {
      throw StopParsing{
          ConfigError(file_, here, 113, "an alias stands inside the node it repeats")};
    }
    Charge(anchored->second, here);
    Append(anchored->second);
  }

 private:
  struct OpenNode {
    YamlNode node;
    YAML::anchor_t anchor;
    YamlNode key;  // of the entry being read, in a map
    bool has_key = false;
    std::map<std::string, int> key_lines = {};
  };

  static YamlNode NodeAt(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  [[noreturn]] void RefuseTag(const YAML::Mark& mark, const std::string& tag) {
    throw StopParsing{ConfigError(file_, NodeAt(mark, YamlNode::Kind::kNull), 114,
                                  "tags are not used in pipeline files; remove {}", tag)};
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (tag != "?" && tag != "!" && !tag.empty()) RefuseTag(mark, tag);
    YamlNode node = NodeAt(mark, kind);
    if (static_cast<int>(open_.size()) >= kYamlDepthMax) {
      throw StopParsing{
          ConfigError(file_, node, 115, "nested deeper than {} levels", kYamlDepthMax)};
    }
    open_.push_back({std::move(node), anchor, {}});
  }

  void Close() {
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    Add(std::move(closed.node), closed.anchor);
  }

  void Add(YamlNode node, YAML::anchor_t anchor) {
    CountOne(node, node);
    if (anchor != 0) {
      Charge(node, node);  // the copy kept for aliases
      anchors_[anchor] = node;
    }
    Append(std::move(node));
  }

  void Append(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.entries.emplace_back(std::move(parent.key), std::move(node));
      parent.has_key = false;
    } else {
      CheckKey(&parent, node);
      parent.key = std::move(node);
      parent.has_key = true;
    }
  }

  void CheckKey(OpenNode* parent, const YamlNode& key) {
    if (key.kind != YamlNode::Kind::kScalar) {
      throw StopParsing{ConfigError(file_, key, 116, "a key must be a plain name")};
    }
    const auto [first, inserted] = parent->key_lines.emplace(key.text, key.line);
    if (!inserted) {
      throw StopParsing{ConfigError(
          file_, key, 112, "key '{}' stands here twice, first in line {}; remove one of them",
          key.text, first->second)};
    }
  }

  // Counts a whole subtree that is copied.
  void Charge(const YamlNode& node, const YamlNode& place) {
    CountOne(node, place);
    for (const YamlNode& item : node.items) Charge(item, place);
    for (const auto& [key, value] : node.entries) {
      Charge(key, place);
      Charge(value, place);
    }
  }

  void CountOne(const YamlNode& node, const YamlNode& place) {
    text_bytes_ += static_cast<int64_t>(node.text.size());
    if (++nodes_ > kYamlNodesMax || text_bytes_ > kYamlTextBytesMax) {
      throw StopParsing{ConfigError(file_, place, 115,
                                    "too large: more than {} nodes or {} bytes once "
                                    "aliases are expanded; use fewer aliases",
                                    kYamlNodesMax, kYamlTextBytesMax)};
    }
  }

  const std::string file_;
  YamlNode root_;
  std::vector<OpenNode> open_;
  std::unordered_map<YAML::anchor_t, YamlNode> anchors_;
  int64_t nodes_ = 0;
  int64_t text_bytes_ = 0;
};

}  // namespace

std::string PlaceOf(std::string_view file, const YamlNode& node) {
  return fmt::format("{}:{}:{}", file, node.line, node.column);
}

Result<YamlNode> ParseYaml(const std::string& text, const std::string& file) {
  YamlNode start;
  start.line = start.column = 1;
  if (static_cast<int64_t>(text.size()) > kPipelineFileBytesMax) {
    return ConfigError(file, start, 115,
                       "a pipeline file may have at most {} bytes; this one has {}",
                       kPipelineFileBytesMax, text.size());
  }
  if (text.find('\0') != std::string::npos) {
    return ConfigError(file, start, 111, "this is no YAML text: it contains zero bytes");
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder(file);
    if (!parser.HandleNextDocument(builder)) {
      return ConfigError(file, start, 111,
                         "the file is empty; see docs/pipeline-file.md for an example");
    }
    TreeBuilder second(file);
    if (parser.HandleNextDocument(second)) {
      return ConfigError(file, second.TakeRoot(), 111, "more than one YAML document; keep one");
    }
    return builder.TakeRoot();
  } catch (const StopParsing& stopped) {
    return stopped.status;
  } catch (const YAML::Exception& exception) {
    YamlNode place = start;
    if (!exception.mark.is_null()) {
      place.line = exception.mark.line + 1;
      place.column = exception.mark.column + 1;
    }
    return ConfigError(file, place, 111, "not valid YAML: {}", exception.msg);
  } catch (const std::exception& exception) {
    return ConfigError(file, start, 111, "not valid YAML: {}", exception.what());
  }
}

}  // namespace headrace
