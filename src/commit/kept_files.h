// Carrying files of the old generation over into the new one.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "commit/staging_area.h"

namespace headrace {

enum class KeptContent : uint8_t {
  kDurableAlready,  // an earlier run that ended with full durability wrote it, or nobody asks
  kToBeSynced,      // somebody else's files
};

struct KeepOptions {
  std::string old_root;  // the dataset as it stands
  std::string new_root;  // of the staging area
  // Relative partition directories whose old files do not stay; "" stands for the whole dataset.
  // Two spellings of one partition (a=%20 and a= with a blank) are the same.
  std::set<std::string> replaced_directories;
  Durability durability = Durability::kFull;
  KeptContent content = KeptContent::kToBeSynced;
};

struct KeepOutcome {
  int64_t kept_files = 0;
  // Of the kept ones, where hard links do not work.
  int64_t cloned_files = 0;
  int64_t copied_files = 0;
};

// Links (else clones or copies, with the same permissions) every file that stays; `staging` gives
// the directories theirs. Fails, with nothing published, when a kept name is taken by a staged
// file, or when something other than files and directories would have to be kept or destroyed.
Result<KeepOutcome> KeepFiles(Env* env, const KeepOptions& options, StagingArea* staging);

}  // namespace headrace
