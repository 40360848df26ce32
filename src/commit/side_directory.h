// The locked side directory of a dataset.
#pragma once

#include <memory>
#include <string>

#include "commit/layout.h"
#include "commit/transaction.h"

namespace headrace {

// Role: holds the dataset's lock. The directory stays behind only when it has something to tell: a
// dataset that was never published leaves nothing beside it. Owner: a transaction or a recovery.
// Threads: one. Errors: Locked with the holder's own words; Sink when the directory cannot be made
// or stands on another device.
class SideDirectory {
 public:
  // Makes the directory if needed and locks it.
  static Result<std::unique_ptr<SideDirectory>> Lock(Env* env, DatasetLayout layout);
  // Removes lock and directory when nothing else is in there, then lets go of the lock.
  ~SideDirectory();

  const DatasetLayout& layout() const { return layout_; }

 private:
  SideDirectory(Env* env, DatasetLayout layout, std::unique_ptr<FileLock> lock);
  void RemoveIfUnused();

  Env* env_;
  DatasetLayout layout_;
  std::unique_ptr<FileLock> lock_;
};

// "held by another run" with what the lock file says about the holder.
Status LockedError(Env* env, const std::string& target, const std::string& lock_path);

}  // namespace headrace
