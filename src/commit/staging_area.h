// The new generation of a dataset while it is being written.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "commit/transaction.h"

namespace headrace {

struct StagingOptions {
  TargetKind kind = TargetKind::kDataset;
  Durability durability = Durability::kFull;
  // A directory that stands below this too gets the permissions it has there when it is made, so
  // that nothing in it is open to more readers than before, at no time. "" = none.
  std::string old_root = {};
  // So many files are made durable one by one, when they are synced; small ones after them by one
  // sync of the file system, in MakeDurable.
  int64_t synced_alone = INT64_MAX;
};

// Role: makes files and directories below one root and knows what of them is not yet closed or
// durable, so that nothing half-written can be published by a caller's mistake. Owner: a
// transaction; outlives the files it hands out. Threads: all methods from any thread. Errors: the
// Env's; Internal for paths that leave the root and for CheckComplete.
class StagingArea {
 public:
  // `root` exists. A single file's area has the file itself as root: only the relative path "" is
  // allowed then.
  StagingArea(Env* env, std::string root, StagingOptions options);
  ~StagingArea();

  Result<std::unique_ptr<WritableFile>> Open(const std::string& relative_path, OpenMode mode);
  // The directory "a=1/b=2" below the root, and those above it.
  Status MakeDirectory(const std::string& relative_directory);

  // Fails when a staged file is still open or, with kFull, was not synced after its last byte.
  Status CheckComplete() const;
  // Fails when a directory made here goes by another name than its own: a file system that takes
  // two names for one (letter case, Unicode forms) would show two partitions' rows as one's.
  Status CheckNames() const;
  // Makes every directory made here durable, children before parents and the root last, and what
  // was put off when it was to be synced.
  Status MakeDurable();
  // Relative directories that files were opened in, sorted.
  std::set<std::string> directories_with_files() const;

 private:
  class TrackedFile;
  struct FileState {
    int open_count = 0;
    bool unsynced = false;
    bool may_wait = false;  // opened when the file system's sync already watched over it
  };
  using Files = std::map<std::string, FileState>;
  Status MakeDirectoryLocked(const std::string& relative_directory);
  Status TakeOldPermissions(const std::string& relative_directory);
  Status WatchFileSystem();
  void NoteFileIn(const std::string& relative_directory);
  std::string PathOf(const std::string& relative_path) const;

  Env* env_;
  const std::string root_;
  const StagingOptions options_;
  mutable std::mutex mutex_;
  int64_t opened_files_ = 0;
  Files unfinished_;                         // those that CheckComplete would name
  std::map<std::string, bool> directories_;  // relative; whether a file was opened in it
  bool root_has_files_ = false;
  bool file_system_asked_ = false;
  std::unique_ptr<FileSystemSync> file_system_;  // nullptr: every file is synced alone
  bool syncs_wait_ = false;                      // for MakeDurable
};

}  // namespace headrace
