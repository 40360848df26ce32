// Numbers of the failures that the commit room makes, and the seam that turns an Env's failure into
// one of a commit.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace headrace {

inline constexpr ErrorCode kTargetExists = 610;
inline constexpr ErrorCode kTargetOfOtherType = 611;
inline constexpr ErrorCode kParentMissing = 612;
inline constexpr ErrorCode kForeignContent = 613;
inline constexpr ErrorCode kOtherDevice = 614;
inline constexpr ErrorCode kModeNotSupported = 615;
inline constexpr ErrorCode kTargetNotNamed = 617;
inline constexpr ErrorCode kRunIdNotUsable = 618;
inline constexpr ErrorCode kTargetNotReadable = 619;
inline constexpr ErrorCode kCommitFailedCode = 620;
inline constexpr ErrorCode kCommitUnknownCode = 621;
inline constexpr ErrorCode kRunUnknown = 622;
inline constexpr ErrorCode kRunAmbiguous = 623;
inline constexpr ErrorCode kRunIsCurrent = 624;
inline constexpr ErrorCode kGenerationGone = 625;
inline constexpr ErrorCode kNoHistory = 626;
inline constexpr ErrorCode kPublishedButGone = 627;
inline constexpr ErrorCode kNoFileLocks = 628;
inline constexpr ErrorCode kNeedsDataset = 629;
inline constexpr ErrorCode kNamesCollide = 636;
inline constexpr ErrorCode kInsideSideDirectory = 637;
inline constexpr ErrorCode kStagingMisused = 920;
inline constexpr ErrorCode kTargetLocked = 801;

// `status` with `context` before it, for what fails before Publish: what an Env calls a failure to
// read is one of the target here (Sink).
Status TargetError(const Status& status, std::string_view context);
// The same for what fails in Publish: whatever an Env cannot do is a failure to commit.
Status CommitError(const Status& status, std::string_view context);

// No run of ours published a dataset at `target`.
Status NoHistory(const std::string& target);
// The file system under `target` has no file locks.
Status NoFileLocks(const std::string& target, const Status& cause);

// Publishing ended without knowledge of its outcome. `thing` is "dataset" or "file".
Status RenameOutcomeUnknown(std::string_view thing, const std::string& target, const Status& cause);
// No directory can take the target's place: where a layer below an overlay holds it.
Status CannotBeRenamed(const std::string& target, const Status& cause);
// Nothing stands at a dataset's target any more, neither old nor new. `old_path` is where the old
// dataset stands.
Status OldDatasetSetAside(const std::string& target, const std::string& old_path,
                          const Status& cause);
Status TargetVanished(const std::string& target, const Status& cause);
// Of a target of a group: the bare cause; what follows from it, the group says.
Status NotSwitched(const std::string& target, const Status& cause);
Status NotKnownDurable(std::string_view thing, const std::string& target, const Status& cause);

}  // namespace headrace
