#include "support/model_file_system.h"

#include <cerrno>
#include <set>

namespace headrace {
namespace {

constexpr ModelFileSystem::NodeId kRoot = 1;

uint64_t Below(std::mt19937_64* random, uint64_t bound) { return (*random)() % bound; }

}  // namespace

ModelFileSystem::ModelFileSystem() { nodes_[kRoot].type = FileType::kDirectory; }

std::optional<ModelFileSystem::Slot> ModelFileSystem::FindSlot(const std::string& path) const {
  const std::optional<NodeId> parent = Lookup(ParentPath(path));
  if (!parent || nodes_.at(*parent).type != FileType::kDirectory) return std::nullopt;
  return Slot{*parent, BaseName(path)};
}

ModelFileSystem::NodeId ModelFileSystem::At(const Slot& slot) const {
  const auto& entries = nodes_.at(slot.first).entries;
  const auto found = entries.find(slot.second);
  return found == entries.end() ? 0 : found->second;
}

std::optional<ModelFileSystem::NodeId> ModelFileSystem::Lookup(const std::string& path) const {
  if (path == "/") return kRoot;
  const std::optional<Slot> slot = FindSlot(path);
  if (!slot) return std::nullopt;
  const NodeId id = At(*slot);
  return id == 0 ? std::nullopt : std::optional(id);
}

std::optional<FileStat> ModelFileSystem::Stat(const std::string& path) const {
  const std::optional<NodeId> id = Lookup(path);
  if (!id) return std::nullopt;
  FileStat stat;
  stat.type = nodes_.at(*id).type;
  stat.size_bytes = static_cast<int64_t>(nodes_.at(*id).content.size());
  stat.inode = *id;
  stat.device = 1;
  stat.link_count = nodes_.at(*id).link_count;
  return stat;
}

int ModelFileSystem::List(const std::string& path, std::vector<DirectoryEntry>* out) const {
  const std::optional<NodeId> id = Lookup(path);
  if (!id) return ENOENT;
  if (nodes_.at(*id).type != FileType::kDirectory) return ENOTDIR;
  for (const auto& [name, child] : nodes_.at(*id).entries) {
    out->push_back({name, nodes_.at(child).type});
  }
  return 0;
}

ModelFileSystem::NodeId ModelFileSystem::NewNode(FileType type) {
  const NodeId id = next_id_++;
  nodes_[id].type = type;
  return id;
}

void ModelFileSystem::Apply(Operation operation) {
  for (const Change& change : operation) {
    auto& entries = nodes_.at(change.slot.first).entries;
    if (const NodeId before = At(change.slot); before != 0) --nodes_.at(before).link_count;
    if (change.to == 0) {
      entries.erase(change.slot.second);
    } else {
      entries[change.slot.second] = change.to;
      ++nodes_.at(change.to).link_count;
    }
  }
  pending_.push_back(std::move(operation));
}

int ModelFileSystem::CreateFile(const std::string& path) {
  const std::optional<Slot> slot = FindSlot(path);
  if (!slot) return ENOENT;
  if (At(*slot) != 0) return EEXIST;
  Apply({{*slot, NewNode(FileType::kFile)}});
  return 0;
}

int ModelFileSystem::CreateDirectory(const std::string& path) {
  const std::optional<Slot> slot = FindSlot(path);
  if (!slot) return ENOENT;
  if (At(*slot) != 0) return EEXIST;
  Apply({{*slot, NewNode(FileType::kDirectory)}});
  return 0;
}

int ModelFileSystem::RemoveFile(const std::string& path) {
  const std::optional<Slot> slot = FindSlot(path);
  if (!slot || At(*slot) == 0) return ENOENT;
  if (nodes_.at(At(*slot)).type == FileType::kDirectory) return EISDIR;
  Apply({{*slot, 0}});
  return 0;
}

int ModelFileSystem::RemoveDirectory(const std::string& path) {
  const std::optional<Slot> slot = FindSlot(path);
  if (!slot || At(*slot) == 0) return ENOENT;
  const Node& node = nodes_.at(At(*slot));
  if (node.type != FileType::kDirectory) return ENOTDIR;
  if (!node.entries.empty()) return ENOTEMPTY;
  Apply({{*slot, 0}});
  return 0;
}

int ModelFileSystem::Rename(const std::string& from, const std::string& to, RenameMode mode) {
  const std::optional<Slot> source = FindSlot(from);
  const std::optional<Slot> target = FindSlot(to);
  if (!source || !target || At(*source) == 0) return ENOENT;
  const NodeId moved = At(*source);
  const NodeId replaced = At(*target);
  if (mode == RenameMode::kExchange) {
    if (replaced == 0) return ENOENT;
    Apply({{*source, replaced}, {*target, moved}});
    return 0;
  }
  if (replaced != 0) {
    if (mode == RenameMode::kNoReplace) return EEXIST;
    const Node& node = nodes_.at(replaced);
    if (node.type == FileType::kDirectory && !node.entries.empty()) return ENOTEMPTY;
  }
  Apply({{*source, 0}, {*target, moved}});
  return 0;
}

int ModelFileSystem::HardLink(const std::string& from, const std::string& to) {
  const std::optional<NodeId> node = Lookup(from);
  const std::optional<Slot> target = FindSlot(to);
  if (!node || !target) return ENOENT;
  if (At(*target) != 0) return EEXIST;
  Apply({{*target, *node}});
  return 0;
}

void ModelFileSystem::SyncFile(NodeId file) {
  Node& node = nodes_.at(file);
  if (!node.writes_lost) node.durable_content = node.content;
}

void ModelFileSystem::LoseWrites(NodeId file) { nodes_.at(file).writes_lost = true; }

void ModelFileSystem::LoseAllWrites() {
  for (auto& [id, node] : nodes_) node.writes_lost |= node.durable_content != node.content;
}

int ModelFileSystem::SyncDirectory(const std::string& path) {
  const std::optional<NodeId> id = Lookup(path);
  if (!id) return ENOENT;
  SyncDirectory(*id);
  return 0;
}

void ModelFileSystem::SyncDirectory(NodeId directory) {
  std::vector<bool> marked;
  for (const Operation& operation : pending_) {
    bool touches = false;
    for (const Change& change : operation) touches |= change.slot.first == directory;
    marked.push_back(touches);
  }
  MakeDurable(std::move(marked));
}

void ModelFileSystem::SyncEverything() {
  MakeDurable(std::vector<bool>(pending_.size(), true));
  for (const auto& [id, node] : nodes_) SyncFile(id);
}

void ModelFileSystem::MakeDurable(std::vector<bool> marked) {
  std::set<Slot> needed;
  size_t index = marked.size();
  for (auto operation = pending_.rbegin(); operation != pending_.rend(); ++operation) {
    --index;
    for (const Change& change : *operation) {
      if (needed.contains(change.slot)) marked[index] = true;
    }
    if (!marked[index]) continue;
    for (const Change& change : *operation) needed.insert(change.slot);
  }
  index = 0;
  for (auto operation = pending_.begin(); operation != pending_.end(); ++index) {
    if (!marked[index]) {
      ++operation;
      continue;
    }
    for (const Change& change : *operation) {
      auto& entries = nodes_.at(change.slot.first).durable_entries;
      if (change.to == 0) {
        entries.erase(change.slot.second);
      } else {
        entries[change.slot.second] = change.to;
      }
    }
    operation = pending_.erase(operation);
  }
}

std::vector<bool> ModelFileSystem::MarkSurvivors(std::mt19937_64* random) const {
  const size_t count = pending_.size();
  std::vector<bool> marked(count, false);
  switch (Below(random, 5)) {
    case 0:  // nothing reached the disk
      break;
    case 1:  // all did
      marked.assign(count, true);
      break;
    case 2: {  // in order, up to a point
      const size_t end = Below(random, count + 1);
      for (size_t i = 0; i < end; ++i) marked[i] = true;
      break;
    }
    case 3: {  // only the newest
      const size_t newest = 1 + Below(random, 3);
      for (size_t i = count - std::min(count, newest); i < count; ++i) marked[i] = true;
      break;
    }
    default:  // any
      for (size_t i = 0; i < count; ++i) marked[i] = Below(random, 2) == 0;
  }
  return marked;
}

std::string ModelFileSystem::SurvivingContent(const Node& node, std::mt19937_64* random) const {
  if (node.content == node.durable_content) return node.content;
  switch (Below(random, 5)) {
    case 0:
      return node.durable_content;
    case 1:
      return node.writes_lost ? node.durable_content : node.content;
    case 2:  // torn
      return node.content.substr(0, Below(random, node.content.size() + 1));
    case 3: {  // the size came through, the bytes did not
      std::string zeros = node.content;
      for (size_t i = Below(random, zeros.size() + 1); i < zeros.size(); ++i) zeros[i] = '\0';
      return zeros;
    }
    default:
      return "";
  }
}

void ModelFileSystem::PowerCut(std::mt19937_64* random) {
  MakeDurable(MarkSurvivors(random));
  pending_.clear();
  std::set<NodeId> reachable = {kRoot};
  std::vector<NodeId> open = {kRoot};
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    for (const auto& [name, child] : nodes_.at(id).durable_entries) {
      if (reachable.insert(child).second) open.push_back(child);
    }
  }
  std::erase_if(nodes_, [&](const auto& item) { return !reachable.contains(item.first); });
  for (auto& [id, node] : nodes_) {
    node.entries = node.durable_entries;
    node.content = SurvivingContent(node, random);
    node.durable_content = node.content;
    node.writes_lost = false;
    node.link_count = 0;
  }
  for (const auto& [id, node] : nodes_) {
    for (const auto& [name, child] : node.entries) ++nodes_.at(child).link_count;
  }
}

}  // namespace headrace
