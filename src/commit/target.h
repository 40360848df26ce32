// What stands at a target before a run, and whether the run may publish there.
#pragma once

#include <optional>
#include <string>

#include "commit/transaction.h"

namespace headrace {

struct ResolvedTarget {
  std::string path;               // absolute, no symlink in it
  std::optional<FileStat> found;  // what is there now
};

// Follows symlinks once, here; a run never looks at them again. A link that leads nowhere is
// followed when a side directory stands where it leads: a crash between two renames may have left
// the dataset in there. Fails when the parent directory is missing.
Result<ResolvedTarget> ResolveTarget(Env* env, const std::string& target);

// Refuses early what could only fail at the end: type, mode, permissions, mount points, content
// that is not a dataset's.
Status CheckTarget(Env* env, const ResolvedTarget& target, const TransactionOptions& options);

// CheckTarget of `options.target`, which is resolved, as it is at this moment: what was found.
Result<std::optional<FileStat>> CheckTargetNow(Env* env, const TransactionOptions& options);

// Fails when `directory` holds anything but data files, the marker files that writers of datasets
// leave (_SUCCESS, *.crc) and Hive partition directories: an overwrite would destroy it.
Status CheckHoldsOnlyData(Env* env, const std::string& directory);

}  // namespace headrace
