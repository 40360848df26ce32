// What of a dataset its names alone tell: which entries are its files, and whether every partition
// has one place.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "env/env.h"
#include "headrace/fsck.h"

namespace headrace {

struct LayoutFile {
  std::string relative_path;
  std::string path;
};

// Whether a file is, by its name, of a format that runs write, other than Parquet.
bool IsOtherFormat(std::string_view name);

struct DatasetLayoutFacts {
  std::vector<LayoutFile> files;  // that are Parquet by their name, sorted
  // Of a dataset without Parquet files: those of another format that runs write, sorted.
  std::vector<LayoutFile> other_files;
  int64_t files_total = 0;  // every regular file below the dataset
  int64_t partitions = 0;   // directories with files
};

// Role: walks a dataset's directories and tells every entry and partition that some reader would
// take for something else. Owner: the caller. Threads: one. Errors: what the Env cannot list;
// Cancelled.
class LayoutCheck {
 public:
  using OnProblem =
      std::function<void(const char* kind, const std::string& path, const std::string& message)>;

  LayoutCheck(Env* env, std::string dataset, Cancellation* cancellation, OnProblem on_problem);
  Result<DatasetLayoutFacts> Run();

 private:
  // `keys` are the partition keys of the directories down to this one, `values` them and their
  // values in a form that is the same for every spelling.
  struct Partition {
    std::vector<std::string> keys;
    std::string values;
  };
  Status Walk(const std::string& relative, const Partition& partition, int depth);
  Status WalkDirectory(const std::string& relative, const std::string& name,
                       const Partition& parent, int depth);
  void AddFile(const std::string& relative, const std::string& name, bool* has_data);
  void TellForeign(const std::string& relative) const;
  void CheckPartition(const std::string& relative, const Partition& partition);
  void CheckKeys() const;
  void CheckPartitionName(const std::string& relative, const std::string& key,
                          const std::string& text);
  void Tell(const char* kind, const std::string& relative, const std::string& message) const;

  Env* env_;
  const std::string dataset_;
  Cancellation* cancellation_;
  const OnProblem on_problem_;
  DatasetLayoutFacts facts_;
  // Partition keys -> the directories with files below them.
  std::map<std::vector<std::string>, std::vector<std::string>> directories_;
  std::map<std::string, std::string> places_;  // values of a partition -> its directory
};

}  // namespace headrace
