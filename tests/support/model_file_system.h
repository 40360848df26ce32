// A file system in memory that knows what a loss of power would leave of it.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "env/env.h"

namespace headrace {

// Role: the pessimist's reading of POSIX. A file's content is durable after SyncFile and not
// before; a directory's entries are durable after SyncDirectory of that directory and not before;
// syncing a file says nothing about its name. Changes of entries that are not durable may reach the
// disk in any order and combination, except that a rename is atomic also across directories, and
// that two changes of one name keep their order. Copyable: a test copies it to look at many
// futures. Threads: one. Calls return an errno, 0 for success.
class ModelFileSystem {
 public:
  using NodeId = uint64_t;
  ModelFileSystem();

  std::optional<NodeId> Lookup(const std::string& path) const;
  std::optional<FileStat> Stat(const std::string& path) const;
  int List(const std::string& path, std::vector<DirectoryEntry>* out) const;

  int CreateFile(const std::string& path);  // fails when it exists
  int CreateDirectory(const std::string& path);
  int RemoveFile(const std::string& path);
  int RemoveDirectory(const std::string& path);
  int Rename(const std::string& from, const std::string& to, RenameMode mode);
  int HardLink(const std::string& from, const std::string& to);

  std::string& content(NodeId file) { return nodes_.at(file).content; }
  void SyncFile(NodeId file);
  // A failed fsync: the kernel drops the dirty pages, and later syncs report success without them.
  void LoseWrites(NodeId file);
  void LoseAllWrites();
  int SyncDirectory(const std::string& path);
  void SyncDirectory(NodeId directory);
  void SyncEverything();

  // What is not durable is kept, dropped, torn or reordered as `random` says; what is left is
  // durable.
  void PowerCut(std::mt19937_64* random);

 private:
  struct Node {
    FileType type = FileType::kFile;
    std::string content;
    std::string durable_content;
    bool writes_lost = false;
    uint64_t link_count = 0;
    std::map<std::string, NodeId> entries;
    std::map<std::string, NodeId> durable_entries;
  };
  using Slot = std::pair<NodeId, std::string>;  // a name in a directory
  struct Change {
    Slot slot;
    NodeId to = 0;  // 0: no such name any more
  };
  using Operation = std::vector<Change>;  // atomic

  std::optional<Slot> FindSlot(const std::string& path) const;
  NodeId At(const Slot& slot) const;
  NodeId NewNode(FileType type);
  void Apply(Operation operation);
  // Makes the marked pending operations durable, and with them those before that changed the same
  // names.
  void MakeDurable(std::vector<bool> marked);
  std::vector<bool> MarkSurvivors(std::mt19937_64* random) const;
  std::string SurvivingContent(const Node& node, std::mt19937_64* random) const;

  std::map<NodeId, Node> nodes_;
  std::list<Operation> pending_;
  NodeId next_id_ = 2;
};

}  // namespace headrace
